"""One configuration, trained with every seed: a task comes in; its scores by seed come out.

Runs are stored below the study's folder and resumed: a trial that is promoted, or whose worker died, continues from its
last checkpoint, on another machine too if it sees the same folder. Counted as the configuration's own failure: training
that diverges, settings that exclude each other, and a batch that exceeds the data or the memory. Any other error (a
full disk, a damaged file) stops the worker.
"""

import copy
from collections.abc import Sequence

import alphadsl
from alphadsl.report.exceptions import InputError
from alphadsl.report.imports import is_full_memory
from runner.data.datasets import TooFewImagesError
from runner.experiment import Options, train_runs
from runner.plan import PlannedRun
from runner.records.folder import RunFolder
from runner.records.metrics import read_rows
from runner.records.opening import IfExists
from runner.records.record import read_probe
from runner.settings.config import NO_SETTING, ExperimentConfig
from runner.settings.effective import check_together
from runner.studies.plan import Plan
from runner.studies.study import StudyRoom
from runner.studies.work import FailedError, Result, Task
from runner.supplies import Stock
from runner.training.finite import DivergedError


class Trainer:
    """Trains configurations of one study."""

    def __init__(self, plan: Plan, room: StudyRoom, here: ExperimentConfig, stock: Stock) -> None:
        self._plan, self._room, self._here, self._stock = plan, room, here, stock

    def __call__(self, task: Task) -> Result:
        """Train every seed up to an epoch. Raises `FailedError` for a configuration that cannot be scored."""
        runs = self._runs(task)
        options = Options(IfExists.RESUME_LAST_GOOD, probe=task.last, stop_after=task.epochs, stock=self._stock)
        folders = train_seeds(runs, options)
        scores = [score_of(run) if task.last else rung_score_of(run, task.epochs) for run in folders]
        return Result(tuple(scores), tuple(run.path.name for run in folders))

    def _runs(self, task: Task) -> list[PlannedRun]:
        point = task.point
        values = {**self._plan.values.get(point.loss, {}), **point.values}
        configs = [self._plan.config_of(point, seed) for seed in range(self._plan.seeds)]
        try:
            check_together(configs[0])
        except InputError as refusal:
            raise FailedError(refusal.message) from None
        here = self._here.model_dump(include=set(NO_SETTING - {"seed"}))
        loss = alphadsl.loads(self._plan.losses[point.loss], values=values, products=configs[0].loss_products)
        return [
            PlannedRun(
                copy.deepcopy(loss),
                config.model_copy(update=here),
                self._room.runs / f"{task.index:05}-{point.loss}-seed{config.seed}",
            )
            for config in configs
        ]


def train_seeds(runs: Sequence[PlannedRun], options: Options) -> tuple[RunFolder, ...]:
    """Train one configuration with every seed. Raises `FailedError` for its own failure, and `InputError` for any other
    fault, which its repetition may not have."""
    try:
        check_scorable(runs[0].config, options.stock)
        outcome = train_runs(runs, options)
    except TooFewImagesError as refusal:
        raise FailedError(refusal.message) from None
    except (MemoryError, RuntimeError) as fault:
        if not is_full_memory(fault):
            raise
        raise FailedError("there is not enough memory") from None
    for failure in outcome.failures:
        if not isinstance(failure.reason, DivergedError):
            raise failure.reason_to_repeat
        raise FailedError(f"seed {failure.run.config.seed}: {failure.reason.message}")
    return outcome.folders


def check_scorable(config: ExperimentConfig, stock: Stock) -> None:
    """Raises `InputError` if the images are missing, or have no labels to score a run by."""
    if not stock.of(config).data.labelled:
        raise InputError(
            f"The images of {config.dataset} have no labels, and a search scores by the accuracy of a probe.",
            "Give labelled images: --data-dir DIR, or another --dataset.",
        )


def score_of(run: RunFolder) -> float:
    """The score that ranks a trained run: its linear probe on images held out of the training set, in [0, 1]."""
    measured = read_probe(run)["validation"]
    if measured is None:
        raise InputError(f"{run.probe} has no accuracy on validation images.", "Move its folder away.")
    return float(measured["linear"])


def rung_score_of(run: RunFolder, epoch: int) -> float:
    """The score of a run at a rung: nearest-neighbour accuracy after an epoch, which training measures anyway."""
    for row in read_rows(run.metrics):
        if "knn" in row and row["epoch"] == epoch:
            return float(row["knn"])
    raise InputError(f"{run.metrics} has no accuracy after epoch {epoch}.", "Leave out --prune, or give labelled data.")
