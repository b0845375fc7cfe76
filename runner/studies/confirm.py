"""Confirming losses: contenders, budgets and a place come in; the runs of fresh seeds, and a report on them, come out.

Every contender is trained with every seed, under one budget, and the test set is read once, after training. A seed
gives all contenders the same initial weights, batches and views. Runs go by seed, so that whenever they are stopped the
pairs so far are whole; the same command goes on. A run that diverges is scored as failed, with its reason.

Refused: seeds that the search has used, a sealed test set.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss
from runner.experiment import Failure, Options, train_runs
from runner.plan import PlannedRun, plan_runs
from runner.progress import tell
from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from runner.records.record import is_probed
from runner.settings.config import ExperimentConfig
from runner.studies.candidates import Candidate

FIRST_SEED = 1_000_000
"""Searches and first trials begin at 0, and end long before."""


@dataclass(frozen=True, eq=False)
class Contender:
    """A loss that is to be confirmed, or the baseline; with what the search said of it, if one did."""

    loss: CompiledLoss
    tag: str = ""
    """What its values add to the names of its runs."""
    candidate: Candidate | None = None

    def tuned(self, config: ExperimentConfig) -> ExperimentConfig:
        """The budget with the learning rate and the like that the search has found for this loss."""
        given = dict(self.candidate.settings) if self.candidate else {}
        return ExperimentConfig.model_validate(config.model_dump() | given)


@dataclass(frozen=True)
class Confirmed:
    """The runs that are there, and those that failed."""

    folders: tuple[RunFolder, ...]
    failures: tuple[Failure, ...]

    def reasons(self) -> dict[tuple[str, str, int], str]:
        """Why a seed of a loss on a data set is missing."""
        return {
            (failed.run.config.dataset, failed.run.loss.name, failed.run.config.seed): (
                f"{failed.what}: {failed.reason.message}"
            )
            for failed in self.failures
        }


def check_fresh(seeds: Sequence[int], contenders: Sequence[Contender]) -> None:
    """Raises `InputError` for a seed that a search has chosen these losses with."""
    for contender in contenders:
        used = sorted(set(seeds) & set(contender.candidate.seeds if contender.candidate else ()))
        if used:
            raise InputError(
                f"The search has found {contender.loss.name} with seed {used[0]}, so that it confirms nothing.",
                f"Give --seed {max(seeds[0] + len(seeds), FIRST_SEED)}, or leave it out.",
            )


def plan_confirmation(
    contenders: Sequence[Contender], budget: ExperimentConfig, seeds: Sequence[int], root: Path
) -> list[PlannedRun]:
    """The runs on one data set, seed by seed. Raises `InputError` for seeds that are not fresh, a test set that is
    sealed, two contenders of one name."""
    check_fresh(seeds, contenders)
    if budget.test_set != "read":
        raise InputError("A confirmation reads the test set, and --test-set sealed is given.", "Leave it out.")
    names = [contender.loss.name for contender in contenders]
    for name in (name for index, name in enumerate(names) if name in names[:index]):
        raise InputError(f"Two of the losses are called {name}.", "Give each its own name in its file.")
    runs = [_runs_of(contender, budget, seeds, root) for contender in contenders]
    return [run for of_seed in zip(*runs, strict=True) for run in of_seed]


def _runs_of(contender: Contender, budget: ExperimentConfig, seeds: Sequence[int], root: Path) -> Sequence[PlannedRun]:
    tuned = contender.tuned(budget)
    configs = [tuned.model_copy(update={"seed": seed}) for seed in seeds]
    return plan_runs([contender.loss], configs, root, None, {contender.loss.name: contender.tag})


@dataclass
class Pace:
    """How far a confirmation is, in a line before each run."""

    total: int
    begun: int = 0
    started: float = field(default_factory=time.monotonic)

    def announce(self, run: PlannedRun) -> None:
        left = "" if self.begun == 0 else f"; about {self._left()} left"
        self.begun += 1
        told = f"{run.loss.name} on {run.config.dataset} with seed {run.config.seed}"
        tell(f"Run {self.begun} of {self.total}: {told}{left}.")

    def _left(self) -> timedelta:
        seconds = (time.monotonic() - self.started) / self.begun
        return timedelta(seconds=round(seconds * (self.total - self.begun)))


def confirm(plans: Sequence[Sequence[PlannedRun]], download: bool = False) -> Confirmed:
    """Train and probe what is not there yet, one data set after another; a failure does not stop the others."""
    done = {run.path for plan in plans for run in plan if is_done(run)}
    total = sum(run.path not in done for plan in plans for run in plan)
    if done:
        tell(f"{len(done)} runs are there already.")
    pace = Pace(total)
    folders: list[RunFolder] = []
    failures: list[Failure] = []
    for plan in plans:
        options = Options(IfExists.RESUME, download=download, before=_unless(done, pace.announce))
        outcome = train_runs(plan, options)
        folders += outcome.folders
        failures += outcome.failures
    return Confirmed(tuple(folders), tuple(failures))


def is_done(run: PlannedRun) -> bool:
    return is_probed(RunFolder(run.path), run.config.epochs, test=True)


def _unless(done: set[Path], announce: Callable[[PlannedRun], None]) -> Callable[[PlannedRun], None]:
    return lambda run: None if run.path in done else announce(run)


def scores_of(contenders: Sequence[Contender]) -> Mapping[str, float]:
    """What the search said, by loss."""
    return {
        contender.loss.name: contender.candidate.search_score
        for contender in contenders
        if contender.candidate is not None and contender.candidate.search_score is not None
    }
