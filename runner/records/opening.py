"""Where a run may be written: a path, a loss, a configuration and data come in; a folder ready to train in comes out.

Refused: a folder that is not ours; a run that exists, unless it is to be resumed or overwritten; resuming a run of
another loss, configuration or data. Reported: resuming in another environment, which may change bits.
"""

import json
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder, write_file
from runner.contract import CompiledLoss
from runner.progress import tell
from runner.records.extension import check_extension, extended
from runner.records.folder import ANOTHER, KEPT, RunFolder, State, check_untouched, clear, state_of, sweep, write_marker
from runner.records.identity import (
    DataRecord,
    RunRecord,
    changes,
    current_environment,
    differences,
    make_record,
    undecided,
)
from runner.records.metrics import read_rows
from runner.records.record import read_record, write_record
from runner.settings.config import ExperimentConfig
from runner.settings.machine import describe_machine


class IfExists(StrEnum):
    """What to do with an existing run of the same name."""

    REFUSE = "refuse"
    RESUME = "resume"
    RESUME_LAST_GOOD = "resume-last-good"
    """Like `RESUME`, but from the last good checkpoint if the last one cannot be used."""
    OVERWRITE = "overwrite"

    @property
    def resumes(self) -> bool:
        return self in (IfExists.RESUME, IfExists.RESUME_LAST_GOOD)


def check_run(
    path: Path, loss: CompiledLoss, config: ExperimentConfig, if_exists: IfExists, data: DataRecord | None = None
) -> None:
    """Check whether a run may be written to `path`; the data are compared if they are given.

    Raises `InputError` if something there stands in the way.
    """
    run = RunFolder(path)
    match state_of(run), if_exists:
        case State.FREE, _:
            pass
        case State.FOREIGN, _:
            raise InputError(f"{path} is not empty and not a run, so nothing is written there.", ANOTHER)
        case State.EARLIER, _:
            raise InputError(
                f"{path} was written by an earlier alphadsl, and can be compared but not trained on.", ANOTHER
            )
        case State.RUN | State.UNNAMED, IfExists.OVERWRITE:
            check_untouched(run)
        case State.UNNAMED, _:
            raise InputError(
                f"The run {path} has lost its config.json, so it is not known which run its weights belong to.",
                f"Put a copy of it back. {ANOTHER}",
            )
        case State.RUN, IfExists.RESUME | IfExists.RESUME_LAST_GOOD:
            check_untouched(run)
            _check_same_run(run, loss, config, data)
            _check_checkpoint_is_there(run, if_exists)
        case _:
            raise InputError(
                f"The run {path} already exists.",
                "Give --resume to continue it, --name for another, or --overwrite to lose it and train it again.",
            )


def open_run(
    path: Path, loss: CompiledLoss, config: ExperimentConfig, if_exists: IfExists, data: DataRecord
) -> RunFolder:
    """A folder ready to train in: new, or with the earlier work of a run that is resumed."""
    check_run(path, loss, config, if_exists, data)
    run = RunFolder(path)
    state = state_of(run)
    if state is State.RUN and if_exists.resumes:
        sweep(run)
        record = read_record(run)
        if record.config.epochs != config.epochs:
            tell(f"{path} is extended from {record.config.epochs} to {config.epochs} epochs.")
            write_record(run, extended(record, config))
        return run
    if run.marker.exists():
        clear(run)
    else:
        sweep(run)
    _write_run(run, loss, config, data)
    return run


def restored(path: Path, config: ExperimentConfig, *, threads: bool) -> ExperimentConfig:
    """The configuration, with each `auto` replaced by what was decided for an earlier part of the run, since that
    affects its bits. With `threads`, the number of threads is restored even if one is given."""
    run = RunFolder(path)
    if state_of(run) is not State.RUN:
        return config
    record = read_record(run)
    decided = {name: getattr(record.config, name) for name in undecided(config) - {"device"}}
    if record.environments and (threads or "threads" in decided):
        decided["threads"] = record.environments[-1].threads
    return config.model_copy(update=decided)


def _check_same_run(run: RunFolder, loss: CompiledLoss, config: ExperimentConfig, data: DataRecord | None) -> None:
    record = read_record(run)
    asked = make_record(loss, config, data or record.data, record.run)
    for name, (old, new) in differences(record, asked).items():
        if name == "epochs":
            check_extension(run, record, loss, config)
            continue
        if name == "loss":
            raise InputError(
                f"The run {run.path} cannot be resumed: it was started with another loss, kept in {run.spec}.",
                f"Train {run.spec}, or give --name for another run.",
            )
        remedy = "Give the data" if name == "data" else "Give the settings"
        raise InputError(
            f"The run {run.path} cannot be resumed: it was started with {name} = {old}, not {new}.",
            f"{remedy} it was started with, or --name for another run.",
        )


def _check_checkpoint_is_there(run: RunFolder, if_exists: IfExists) -> None:
    """Raises `InputError` if a checkpoint was lost: the first one is written before the first step."""
    if run.checkpoint.exists():
        return
    if run.earlier_checkpoints or run.checkpoints:
        if if_exists is IfExists.RESUME_LAST_GOOD:
            return
        raise InputError(
            f"{run.checkpoint} is missing.",
            f"Put a copy of it back, or give --resume-last-good to continue from {run.checkpoint.parent / KEPT}.",
        )
    rows = len(read_rows(run.metrics)) if run.metrics.exists() else 0
    if rows:
        raise InputError(
            f"{run.checkpoint} is missing, though {run.metrics} has {rows:,} rows.",
            f"Put a copy of it back. {ANOTHER}",
        )


def note_environment(run: RunFolder, config: ExperimentConfig) -> None:
    """Report and record the environment in which the rest of a run is computed, if it has changed."""
    record, now = read_record(run), current_environment(config)
    changed = changes(record.environments[-1], now) if record.environments else []
    if changed:
        tell(f"{run.path} continues, and its bits may differ from a run without a stop: {'; '.join(changed)}.")
        write_record(run, record.model_copy(update={"environments": (*record.environments, now)}))


def _write_run(run: RunFolder, loss: CompiledLoss, config: ExperimentConfig, data: DataRecord) -> None:
    record: RunRecord = make_record(loss, config, data, uuid4().hex)
    machine = json.dumps(describe_machine(), indent=2)
    files = {
        "spec.alpha": loss.text.encode(),
        "ir.json": f"{loss.ir_json()}\n".encode(),
        "loss.py": loss.source.encode(),
        "machine.json": f"{machine}\n".encode(),
    }
    make_folder(run.path)
    write_marker(run, record.run, files)
    for name, content in files.items():
        write_file(run / name, content)
    write_record(run, record)
