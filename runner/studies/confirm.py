"""Confirming losses: contenders, budgets and a folder come in; runs with fresh seeds, and a report on them, come out.

Every contender is trained with every seed, under the same budget, and the test set is read once, after training. A seed
gives all contenders the same initial weights, batches and views. Runs are ordered by seed, so that the pairs so far are
complete whenever they are stopped; the same command continues. A run that diverges counts as failed, with its reason.

Refused: seeds that the search has used, and a sealed test set.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss
from runner.experiment import Failure, Options, check_runs, train_runs
from runner.plan import PlannedRun, plan_runs
from runner.progress import tell
from runner.records.folder import AtWorkError, RunFolder
from runner.records.opening import IfExists
from runner.records.record import is_probed
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import changed
from runner.studies.candidates import Candidate
from runner.supplies import Stock

FIRST_SEED = 1_000_000
"""Searches and first trials start at seed 0 and stay far below this one."""
POLL_SECONDS = 2.0
"""Seconds between checks of the runs that other processes have."""


@dataclass(frozen=True, eq=False)
class Contender:
    """A loss to be confirmed, or the baseline, with its result in the search if there was one."""

    loss: CompiledLoss
    tag: str = ""
    """What its values add to the names of its runs."""
    candidate: Candidate | None = None

    def tuned(self, config: ExperimentConfig) -> ExperimentConfig:
        """The budget with the learning rate and other settings that the search found for this loss.

        Raises `InputError` for a setting that a run would refuse.
        """
        if self.candidate is None:
            return config
        try:
            return changed(config, **self.candidate.settings)
        except InputError as refusal:
            message = f"The candidate {self.candidate.name} cannot be trained: {refusal.message}"
            raise InputError(message, refusal.help) from None


@dataclass(frozen=True)
class Confirmed:
    """The finished runs, and those that failed."""

    folders: tuple[RunFolder, ...]
    failures: tuple[Failure, ...]

    def reasons(self) -> dict[tuple[str, str, int], str]:
        """Why a seed of a loss on a data set is missing; keys are (data set, loss, seed)."""
        return {
            (failed.run.config.dataset, failed.run.loss.name, failed.run.config.seed): (
                f"{failed.what}: {failed.reason.message}"
            )
            for failed in self.failures
        }


def check_fresh(seeds: Sequence[int], contenders: Sequence[Contender]) -> None:
    """Raises `InputError` for a seed with which a search has selected one of these losses."""
    for contender in contenders:
        used = sorted(set(seeds) & set(contender.candidate.seeds if contender.candidate else ()))
        if used:
            raise InputError(
                f"The search has found {contender.loss.name} with seed {used[0]}, so this seed confirms nothing.",
                f"Give --seed {max(seeds[0] + len(seeds), FIRST_SEED)}, or leave it out.",
            )


def plan_confirmation(
    contenders: Sequence[Contender], budget: ExperimentConfig, seeds: Sequence[int], root: Path
) -> list[PlannedRun]:
    """The runs on one data set, seed by seed. Raises `InputError` for seeds that are not fresh, a sealed test set, and
    two contenders of the same name."""
    check_fresh(seeds, contenders)
    if budget.test_set != "read":
        raise InputError("A confirmation reads the test set, and --test-set sealed is given.", "Leave it out.")
    names = [contender.loss.name for contender in contenders]
    for name in (name for index, name in enumerate(names) if name in names[:index]):
        raise InputError(f"Two of the losses are called {name}.", "Give each its own name in its file.")
    changed(budget, seed=seeds[-1])
    runs = [_runs_of(contender, budget, seeds, root) for contender in contenders]
    return [run for of_seed in zip(*runs, strict=True) for run in of_seed]


def _runs_of(contender: Contender, budget: ExperimentConfig, seeds: Sequence[int], root: Path) -> Sequence[PlannedRun]:
    tuned = contender.tuned(budget)
    configs = [tuned.model_copy(update={"seed": seed}) for seed in seeds]
    return plan_runs([contender.loss], configs, root, None, {contender.loss.name: contender.tag})


def is_done(run: PlannedRun) -> bool:
    return is_probed(RunFolder(run.path), run.config.epochs, test=True)


@dataclass
class Pace:
    """Reports the progress of a confirmation, whichever process trains, in a line before each run."""

    runs: Sequence[PlannedRun]
    is_over: Callable[[PlannedRun], bool] = is_done
    failed: set[Path] = field(default_factory=set)
    """The folders of runs that this process has given up."""
    started: float = field(default_factory=time.monotonic)

    def announce(self, run: PlannedRun) -> None:
        over, total = sum(self.is_over(run) or run.path in self.failed for run in self.runs), len(self.runs)
        left = f"; about {self._left(over)} left" if over else ""
        tell(f"Run {over + 1} of {total}: {run.loss.name} on {run.config.dataset} with seed {run.config.seed}{left}.")

    def _left(self, over: int) -> timedelta:
        seconds = (time.monotonic() - self.started) / over
        return timedelta(seconds=round(seconds * (len(self.runs) - over)))


def confirm(plans: Sequence[Sequence[PlannedRun]], stock: Stock) -> Confirmed:
    """Train and probe what is missing, one data set after another. A failure does not stop the others.

    Several processes may do this at once, on machines that share the folder. A run belongs to the process that holds
    its lock; the others take the next run, and wait for it at the end.
    """
    runs = [run for plan in plans for run in plan]
    missing = [run for run in runs if not is_done(run)]
    if len(missing) < len(runs):
        tell(f"{len(runs) - len(missing)} runs are already done.")
    confirming = _Confirming(Pace(missing), stock)
    check_runs(runs, confirming.options_of(runs[0]))
    while runs:
        busy = [run for run in runs if not confirming.take(run)]
        if busy == runs:
            time.sleep(POLL_SECONDS)
        runs = busy
    order = {run.path: rank for rank, run in enumerate(run for plan in plans for run in plan)}
    folders = sorted(confirming.folders, key=lambda folder: order[folder.path])
    return Confirmed(tuple(folders), tuple(confirming.failures))


@dataclass
class _Confirming:
    """What the runs of this process share, and their results."""

    pace: Pace
    stock: Stock
    folders: list[RunFolder] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def take(self, run: PlannedRun) -> bool:
        """Train a run to its end, unless another process has it. Returns whether it is over."""
        try:
            outcome = train_runs([run], self.options_of(run))
        except AtWorkError:
            return False
        self.folders += outcome.folders
        for failure in outcome.failures:
            tell(str(failure))
        self.failures += outcome.failures
        self.pace.failed |= {failure.run.path for failure in outcome.failures}
        return True

    def options_of(self, run: PlannedRun) -> Options:
        announce = (lambda run: None) if is_done(run) else self.pace.announce
        return Options(IfExists.RESUME, before=announce, stock=self.stock)


def scores_of(contenders: Sequence[Contender]) -> Mapping[str, float]:
    """The scores of the search, by loss."""
    return {
        contender.loss.name: contender.candidate.search_score
        for contender in contenders
        if contender.candidate is not None and contender.candidate.search_score is not None
    }
