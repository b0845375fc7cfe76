"""Loggers besides the run's own file of measurements: a run and the names of loggers come in; boards that take rows
come out.

TensorBoard's events are in the run folder. Weights & Biases and MLflow are used through Lightning's interface and store
their data where they always do. A resumed run continues in the same place. A service that fails is reported and left
out, since no service may cost a run.
"""

import json
import os
import threading
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
"""The project that runs are filed under by default."""
HERE = "sqlite:///mlflow.db"
"""Where MLflow stores runs unless MLFLOW_TRACKING_URI says otherwise; MLflow has deprecated its file store."""


class Board(Protocol):
    """Takes numbers by name, each with its step."""

    def write(self, numbers: Mapping[str, float], step: int) -> None: ...

    def flush(self) -> None: ...

    def close(self, *, failed: bool) -> None: ...


class TensorBoard:
    """Events in the run folder. A full disk stops the run, as it does for the run's own file.

    A run that continues after the step `goes_on_after` purges the events of later steps. It is None if there are none
    to purge: TensorBoard reads files of the same second in the order of their names, the tenth before the ninth, and
    would purge what was written afterwards.
    """

    def __init__(self, run: RunFolder, goes_on_after: int | None) -> None:
        purged = None if goes_on_after is None else goes_on_after + 1
        self._hook = threading.excepthook
        threading.excepthook = _unless_raised_again(self._hook)
        self._writer = SummaryWriter(str(run / BOARD), purge_step=purged)

    def write(self, numbers: Mapping[str, float], step: int) -> None:
        for name, number in numbers.items():
            self._writer.add_scalar(name, number, step)

    def flush(self) -> None:
        self._writer.flush()

    def close(self, *, failed: bool) -> None:
        try:
            self._writer.close()
        finally:
            threading.excepthook = self._hook


def _unless_raised_again(report: Callable[[threading.ExceptHookArgs], object]) -> Callable[..., object]:
    """A `threading.excepthook` that is silent about an error which the thread has kept: TensorBoard's thread does, and
    the next write raises it."""

    def hook(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is None or getattr(fault.thread, "exception", None) is not fault.exc_value:
            report(fault)

    return hook


class Service:
    """A logger of Lightning, until it first fails; `end` is what a service needs in addition to `finalize`."""

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
            tell(f"The logger {self._name} failed and is left out from here on; the run continues. ({reason})")


def check_loggers(config: ExperimentConfig) -> None:
    """Raises `InputError` if a logger is not installed."""
    for name in parse_loggers(config.logger):
        if name in EXTRAS:
            require(f"The logger {name}", name)


def open_boards(run: RunFolder, config: ExperimentConfig, step: int) -> list[Board]:
    """The boards of a run that starts, or continues after a step; what a killed run logged beyond that step is
    purged."""
    goes_on_after = step if (run / BOARD).exists() else None
    return [_open(name, run, goes_on_after) for name in parse_loggers(config.logger)]


def show_at(run: RunFolder, config: ExperimentConfig, numbers: Mapping[str, float], step: int) -> None:
    """Show numbers of a finished run on all of its boards."""
    with guarded(run / BOARD, "written"):
        for name in parse_loggers(config.logger):
            board = _open(name, run, None)
            board.write(numbers, step)
            board.close(failed=False)


def _open(name: str, run: RunFolder, goes_on_after: int | None) -> Board:
    match name:
        case "wandb":
            # Without `finish`, the next run of this process would continue in this one.
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
    """MLflow names runs itself; the name is saved, to be used when the run is resumed."""
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
