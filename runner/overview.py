"""Runs at a glance: a run folder comes in; a row with its status, and the command that continues it, come out.

Nothing is refused: a run that cannot be read is a row with the reason.
"""

import math
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import torch

from alphadsl.report.exceptions import InputError
from runner.records.ending import read_ending
from runner.records.folder import AtWorkError, RunFolder, check_free_of_others
from runner.records.identity import RunRecord
from runner.records.metrics import read_epochs, read_rows
from runner.records.record import check_whose, read_probe, read_record, way_to_probe
from runner.records.status import Status
from runner.training.checkpoint import has_its_end, load_checkpoint

STALE = 7 * 24 * 3600.0
"""Seconds without a change after which a stopped run seems to have been abandoned."""


class CheckpointFaultError(InputError):
    """Raised when the last checkpoint cannot be used; an earlier one may be usable."""


@dataclass(frozen=True)
class RunRow:
    """The status of a run. Accuracies are in [0, 1], and None if they were not measured."""

    folder: RunFolder
    status: Status
    record: RunRecord | None = None
    """None if it cannot be read."""
    epoch: int = 0
    """Number of completed epochs."""
    knn: float | None = None
    """After the last epoch that measured it."""
    validation: float | None = None
    test: float | None = None
    age: float | None = None
    """Seconds since anything in the folder changed."""
    reason: InputError | None = None
    """Why the run is damaged, has diverged or is not probed."""

    @property
    def name(self) -> str:
        return self.folder.path.name

    @property
    def stale(self) -> bool:
        return self.status is Status.STOPPED and self.age is not None and self.age > STALE


def look_at_run(run: RunFolder) -> RunRow:
    """The row of a run, at the cost of reading its small files; a checkpoint is only checked for being complete."""
    row = RunRow(run, Status.DAMAGED, age=_age_of(run))
    working = _is_at_work(run)
    try:
        row = replace(row, record=read_record(run))
        row = _with_epochs(row)
        return _judged(row, working)
    except InputError as reason:
        return replace(row, status=Status.RUNNING if working else Status.DAMAGED, reason=reason)


def look_closely(run: RunFolder) -> RunRow:
    """The same, after checking every row of the measurements and every bit of the checkpoint."""
    row = look_at_run(run)
    if row.status in (Status.RUNNING, Status.DAMAGED):
        return row
    try:
        if run.metrics.exists():
            read_rows(run.metrics)
        if run.checkpoint.exists():
            with _of_the_checkpoint():
                check_whose(run, load_checkpoint(run.checkpoint, torch.device("cpu")).record)
    except InputError as reason:
        return replace(row, status=Status.DAMAGED, reason=reason)
    return row


def next_command(row: RunRow) -> str | None:
    """What to do with a run next; None if that is not ours to say."""
    run = shlex.quote(str(row.folder.path))
    earlier = row.record is not None and not row.record.run
    match row.status:
        case Status.RUNNING:
            return f"tail -f {shlex.quote(str(row.folder.metrics))}"
        case Status.DONE:
            return f"alphadsl compare {run}"
        case _ if earlier:  # it can be compared, and nothing else
            return None
        case Status.NOT_PROBED:
            return way_to_probe(row.folder)
        case Status.STOPPED:
            return _train(row, row.name, "--resume")
        case Status.DIVERGED if row.record is not None:
            lr = f"{row.record.config.lr / 2:g}"
            return _train(row, f"{row.name}-lr{lr}", f"--lr {lr}")
        case Status.DAMAGED if isinstance(row.reason, CheckpointFaultError) and _has_earlier(row.folder):
            return _train(row, row.name, "--resume-last-good")
        case _:
            return None


def _train(row: RunRow, name: str, *options: str) -> str:
    run = row.folder
    words = ["alphadsl", "train", str(run.spec), "--config", str(run.config), "--name", name]
    return " ".join([shlex.join([*words, "--runs-dir", str(run.path.parent)]), *options])


def _has_earlier(run: RunFolder) -> bool:
    return bool(run.earlier_checkpoints or run.checkpoints)


def _with_epochs(row: RunRow) -> RunRow:
    ends = [end for end in read_epochs(row.folder.metrics) if math.isfinite(end.get("epoch", math.nan))]
    measured = [end["knn"] for end in ends if "knn" in end]
    epoch = int(ends[-1]["epoch"]) if ends else 0
    return replace(row, epoch=epoch, knn=measured[-1] if measured else None)


def _judged(row: RunRow, working: bool) -> RunRow:
    run, record = row.folder, row.record
    assert record is not None
    probe, unprobed = _probe_of(run)
    if probe is not None:
        row = replace(row, validation=_of(probe, "validation", "linear"), test=_of(probe, "test", "linear_last"))
    if working:
        return replace(row, status=Status.RUNNING)
    with _of_the_checkpoint():
        _check_checkpoint(row)
    ending = read_ending(run)
    if ending is not None:
        return replace(row, status=Status.DIVERGED, reason=InputError(ending.reason, ending.help))
    if row.epoch < record.config.epochs or not (run.checkpoint.exists() or probe):
        return replace(row, status=Status.STOPPED)
    if probe is None and not (record.data is not None and record.data.classes == 0):
        return replace(row, status=Status.NOT_PROBED, reason=unprobed)
    if probe is not None and probe["epoch"] < row.epoch:
        stale = InputError(f"Its probe is of epoch {probe['epoch']}.", "")
        return replace(row, status=Status.NOT_PROBED, reason=stale)
    return replace(row, status=Status.DONE)


def _probe_of(run: RunFolder) -> tuple[dict[str, Any] | None, InputError | None]:
    try:
        return read_probe(run), None
    except InputError as reason:
        return None, reason


def _of(probe: dict[str, Any], part: str, name: str) -> float | None:
    return None if probe[part] is None else float(probe[part][name])


@contextmanager
def _of_the_checkpoint() -> Iterator[None]:
    """Turn errors inside the block into errors of the last checkpoint."""
    try:
        yield
    except InputError as reason:
        raise CheckpointFaultError(reason.message, reason.help) from None


def _check_checkpoint(row: RunRow) -> None:
    """Raises `InputError` if the checkpoint was lost or truncated. Other damage is found when all of it is read."""
    path = row.folder.checkpoint
    if path.exists() and not has_its_end(path):
        raise InputError(f"{path} is truncated or no checkpoint.", "Put a copy of it back.")
    if row.epoch and not path.exists():
        raise InputError(f"{path} is missing.", "Put a copy of it back.")


def _is_at_work(run: RunFolder) -> bool:
    try:
        check_free_of_others(run)
    except AtWorkError:
        return True
    except InputError:  # if it cannot be locked, its files tell what there is to know
        return False
    return False


def _age_of(run: RunFolder) -> float | None:
    changed = []
    for path in (run.metrics, run.checkpoint, run.config, run.probe, run.marker):
        with suppress(OSError):
            changed.append(path.stat().st_mtime)
    return max(0.0, time.time() - max(changed)) if changed else None
