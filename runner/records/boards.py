"""Where measurements are shown beside the file of a run: a run and the names of loggers come in; boards that take rows
come out.

TensorBoard's events lie in the run folder. Weights & Biases and MLflow are reached through Lightning's interface; they
are kept where they keep their things themselves, a resumed run goes on in the same place, and one that fails is told
and left out, since no service may cost a run.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from torch.utils.tensorboard import SummaryWriter

from alphadsl.extras import EXTRAS, require
from alphadsl.storage import guarded, read_file, write_file
from runner.progress import tell
from runner.records.folder import BOARD, LOGGERS, RunFolder
from runner.records.identity import RunRecord
from runner.records.record import read_record
from runner.settings.config import ExperimentConfig
from runner.settings.loggers import parse_loggers

PROJECT = "alphadsl"
"""What runs are filed under where nothing else is said."""
HERE = "sqlite:///mlflow.db"
"""Where MLflow keeps runs if MLFLOW_TRACKING_URI does not say; its folders of files are given up."""


class Board(Protocol):
    """Takes numbers by name, each with the step it is of."""

    def write(self, numbers: Mapping[str, float], step: int) -> None: ...

    def flush(self) -> None: ...

    def close(self, *, failed: bool) -> None: ...


class TensorBoard:
    """Events in the run folder; a disk that is full stops the run, as for its own file.

    A step to go on after takes back the events behind it, and is None where none have to be: TensorBoard reads files
    of one second by their names, a tenth before a ninth, and would take back what was written after.
    """

    def __init__(self, run: RunFolder, goes_on_after: int | None) -> None:
        purged = None if goes_on_after is None else goes_on_after + 1
        self._writer = SummaryWriter(str(run / BOARD), purge_step=purged)

    def write(self, numbers: Mapping[str, float], step: int) -> None:
        for name, number in numbers.items():
            self._writer.add_scalar(name, number, step)

    def flush(self) -> None:
        self._writer.flush()

    def close(self, *, failed: bool) -> None:
        self._writer.close()


class Service:
    """A logger of Lightning, until it fails for the first time; `end` is what a service wants beside `finalize`."""

    def __init__(self, name: str, make: Callable[[], Any], end: Callable[[Any, bool], object]) -> None:
        self._name, self._works, self._end = name, True, end
        self._logger: Any = None
        self._try(lambda: self._start(make))

    def _start(self, make: Callable[[], Any]) -> None:
        self._logger = make()

    def write(self, numbers: Mapping[str, float], step: int) -> None:
        self._try(lambda: self._logger.log_metrics(dict(numbers), step))

    def flush(self) -> None:
        self._try(lambda: self._logger.save())

    def close(self, *, failed: bool) -> None:
        self._try(lambda: self._logger.finalize("failed" if failed else "success"))
        self._try(lambda: self._end(self._logger, failed))

    def _try(self, act: Callable[[], object]) -> None:
        if not self._works:
            return
        try:
            act()
        except Exception as fault:
            self._works = False
            reason = next(iter(str(fault).strip().splitlines()), type(fault).__name__)
            tell(f"The logger {self._name} failed and is left out from here on; the run goes on. ({reason})")


def check_loggers(config: ExperimentConfig) -> None:
    """Raises `InputError` where a logger is not installed."""
    for name in parse_loggers(config.logger):
        if name in EXTRAS:
            require(f"The logger {name}", name)


def open_boards(run: RunFolder, config: ExperimentConfig, step: int) -> list[Board]:
    """The boards of a run that begins, or goes on after a step; what a killed one showed behind it is taken back."""
    goes_on_after = step if (run / BOARD).exists() else None
    return [_open(name, run, goes_on_after) for name in parse_loggers(config.logger)]


def show_at(run: RunFolder, config: ExperimentConfig, numbers: Mapping[str, float], step: int) -> None:
    """Numbers of a run that is over, on all of its boards."""
    with guarded(run / BOARD, "written"):
        for name in parse_loggers(config.logger):
            board = _open(name, run, None)
            board.write(numbers, step)
            board.close(failed=False)


def _open(name: str, run: RunFolder, goes_on_after: int | None) -> Board:
    match name:
        case "wandb":
            # Without an end of its own, the next run of this process would go on in it.
            return Service(
                name, lambda: _wandb(run, read_record(run)), lambda logger, bad: logger.experiment.finish(bad)
            )
        case "mlflow":
            return Service(name, lambda: _mlflow(run, read_record(run)), lambda logger, bad: None)
        case _:
            return TensorBoard(run, goes_on_after)


def _wandb(run: RunFolder, record: RunRecord) -> Any:
    from lightning.pytorch.loggers import WandbLogger

    logger = WandbLogger(project=PROJECT, name=run.path.name, id=record.run or None, resume="allow")
    logger.log_hyperparams(_settings(record))
    return logger


def _mlflow(run: RunFolder, record: RunRecord) -> Any:
    """MLflow gives the run a name of its own, which is kept for when it is resumed."""
    from lightning.pytorch.loggers import MLFlowLogger

    names = run / LOGGERS
    known = json.loads(read_file(names))["mlflow"] if names.exists() else None
    place = os.environ.get("MLFLOW_TRACKING_URI", HERE)
    logger = MLFlowLogger(PROJECT, run.path.name, place, run_id=known)
    if known is None:
        logger.log_hyperparams(_settings(record))
        write_file(names, json.dumps({"mlflow": logger.run_id}).encode())
    return logger


def _settings(record: RunRecord) -> dict[str, object]:
    """The loss, its parameters and every setting."""
    return {"loss": record.loss, **record.values, **record.config.model_dump(mode="json")}
