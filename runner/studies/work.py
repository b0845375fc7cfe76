"""A worker on a study: it takes one trial after another until all are over, and records the results.

Several workers, in processes or on separate machines, share a study through its storage only. A trial belongs to the
worker that started it. A worker that has died is detected by its lock if that is visible, otherwise by its heartbeat.
"""

import platform
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from statistics import fmean
from typing import cast

import optuna
from optuna.exceptions import StorageInternalError
from optuna.pruners import BasePruner, HyperbandPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder
from runner.locks import lock_file
from runner.studies.plan import LOSS, Plan, Point
from runner.studies.space import Listed, Value
from runner.studies.storage import told_in_a_line
from runner.studies.study import (
    DIED,
    INDEX,
    MOST_DEATHS,
    REASON,
    RUNS,
    SCORES,
    WORKER,
    Study,
    by_index,
    deaths,
    is_lost,
    stands,
)

POLL_SECONDS = 1.0
WORKERS = "workers"


@dataclass(frozen=True)
class Task:
    """A configuration to train up to an epoch."""

    index: int
    point: Point
    epochs: int
    last: bool
    """Whether this is the configuration's last epoch; otherwise it is a rung."""


@dataclass(frozen=True)
class Result:
    """Scores by seed, and the names of the runs they belong to."""

    scores: tuple[float, ...]
    runs: tuple[str, ...] = ()


Evaluate = Callable[[Task], Result]


class FailedError(Exception):
    """Raised with the reason when a configuration cannot be scored, for example because training diverges."""


class _SurplusError(Exception):
    """Raised for a trial that duplicates another one."""


def work(study: Study, evaluate: Evaluate, number: int = 0) -> None:
    """Take trials until none is left, and wait for those of other workers, which may come back."""
    with _on_duty(study.room.folder) as badge, told_in_a_line(study.room.url):
        while True:
            trials = study.trials()
            if _clear_up(study, trials) or study.fill(trials):
                continue
            if all(map(_is_over, by_index(trials).values())):
                return
            if not any(trial.state is TrialState.WAITING for trial in trials):
                time.sleep(POLL_SECONDS)
                continue
            begun = sum(trial.state is not TrialState.WAITING for trial in trials)
            _take_one(study, evaluate, badge, (begun, number))


def _is_over(trials: list[FrozenTrial]) -> bool:
    standing = [trial for trial in trials if stands(trial)]
    return bool(standing and standing[0].state.is_finished()) or (not standing and deaths(trials) >= MOST_DEATHS)


def _take_one(study: Study, evaluate: Evaluate, badge: dict[str, str], chance: tuple[int, int]) -> None:
    def objective(trial: Trial) -> float:
        study.optuna._storage.record_heartbeat(trial._trial_id)  # type: ignore[attr-defined]
        trial.set_user_attr(WORKER, badge)
        return _try(study, trial, evaluate)

    study.optuna.sampler = make_sampler(study.plan, chance)
    study.optuna.pruner = make_pruner(study.plan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            study.optuna.optimize(objective, n_trials=1, catch=(_SurplusError,))
        except (AssertionError, UnboundLocalError) as fault:
            # Optuna's own error when it cannot record how the trial ended; the cause is the error before it.
            refused = next((cause for cause in _before(fault) if isinstance(cause, StorageInternalError)), fault)
            raise refused from refused.__cause__


def _before(fault: BaseException) -> Iterator[BaseException]:
    """The errors that were being handled when an error was raised, latest first."""
    while fault.__context__ is not None:
        fault = fault.__context__
        yield fault


def _try(study: Study, trial: Trial, evaluate: Evaluate) -> float:
    """Train a configuration from rung to rung. Returns its score at the end."""
    index = _check_mine(study, trial)
    point = study.plan.point(suggest(trial, study.plan))
    epochs = study.plan.epochs_of(point)
    try:
        for rung in study.plan.ladder.rungs(epochs):
            score = _note(trial, evaluate(Task(index, point, rung, last=False)))
            trial.report(score, rung)
            if trial.should_prune():
                raise optuna.TrialPruned
        return _note(trial, evaluate(Task(index, point, epochs, last=True)))
    except FailedError as failure:
        trial.set_user_attr(REASON, str(failure))
        raise optuna.TrialPruned from None


def _note(trial: Trial, result: Result) -> float:
    trial.set_user_attr(SCORES, list(result.scores))
    trial.set_user_attr(RUNS, list(result.runs))
    return fmean(result.scores)


def _check_mine(study: Study, trial: Trial) -> int:
    """The index of a trial. A trial without an index, or with the index of an earlier trial, is given up."""
    index = trial.user_attrs.get(INDEX)
    earlier = [] if index is None else by_index(study.trials())[int(index)]
    if index is None or next(filter(stands, earlier)).number != trial.number:
        raise _SurplusError
    return int(index)


def suggest(trial: Trial, plan: Plan) -> dict[str, Value]:
    """The values of a trial by axis: those it was added with, or else the sampler's choice."""
    chosen: dict[str, Value] = {}
    losses = list(plan.losses)
    if len(losses) > 1:
        chosen[LOSS] = trial.suggest_categorical(LOSS, losses)
    for axis in plan.axes_of(str(chosen.get(LOSS, losses[0]))):
        log = not isinstance(axis, Listed) and axis.scale == "log"
        match axis:
            case Listed():
                chosen[axis.name] = cast(Value, trial.suggest_categorical(axis.name, [*axis.values]))
            case _ if axis.whole:
                chosen[axis.name] = trial.suggest_int(axis.name, int(axis.low), int(axis.high), log=log)
            case _:
                chosen[axis.name] = trial.suggest_float(axis.name, axis.low, axis.high, log=log)
    return chosen


def make_sampler(plan: Plan, chance: tuple[int, int]) -> BaseSampler:
    """The sampler of a study. `chance` is the number of trials started and the number of the worker, so that a study
    with one worker is reproducible, and two workers do not choose the same."""
    begun, worker = chance
    seed = (plan.config.seed * 1_000_003 + begun * 101 + worker) % 2**32
    if plan.search != "tpe":
        return RandomSampler(seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


def make_pruner(plan: Plan) -> BasePruner:
    ladder = plan.ladder
    match ladder.prune:
        case "none":
            return NopPruner()
        case "halving":
            return SuccessiveHalvingPruner(min_resource=ladder.first, reduction_factor=ladder.factor)
        case "hyperband":
            return HyperbandPruner(
                min_resource=ladder.first, max_resource=plan.config.epochs, reduction_factor=ladder.factor
            )


def _clear_up(study: Study, trials: list[FrozenTrial]) -> bool:
    """Mark the trials of dead workers as failed, as far as their death can be seen from here.

    Returns whether there was one.
    """
    dead = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        stale = set(study.optuna._storage._get_stale_trial_ids(study.optuna._study_id))  # type: ignore[attr-defined]
    for trial in trials:
        if trial.state is TrialState.RUNNING and (trial._trial_id in stale or is_lost(trial) or _left_its_lock(trial)):
            dead = True
            try:
                study.optuna._storage.set_trial_user_attr(trial._trial_id, DIED, True)
                study.optuna.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            except (optuna.exceptions.UpdateFinishedTrialError, ValueError):
                continue  # it ended meanwhile
    return dead


def _left_its_lock(trial: FrozenTrial) -> bool:
    """Whether the lock of a worker on this machine is free; the system frees it when a process ends for any reason."""
    badge = trial.user_attrs.get(WORKER)
    if not badge or badge["host"] != platform.node() or not Path(badge["lock"]).is_file():
        return False
    try:
        with lock_file(Path(badge["lock"])) as held:
            return held
    except InputError:
        return False


@contextmanager
def _on_duty(folder: Path) -> Iterator[dict[str, str]]:
    """Hold a lock as long as this worker lives, and yield the badge that identifies it."""
    path = folder / WORKERS / f"{token_hex(6)}.lock"
    make_folder(path.parent)
    with lock_file(path):
        yield {"host": platform.node(), "lock": str(path.absolute())}
    path.unlink(missing_ok=True)  # otherwise it stays unlocked, which says that its trial may be taken up
