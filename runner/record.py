"""The folder of a run: a loss, a configuration and a place come in; the files that let anyone repeat it come out.

Refused: a folder that holds a run already, unless it is to be resumed or overwritten; resuming a run of another loss or
configuration; a folder that holds no run.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alphadsl.report.faults import InputError
from runner.checkpoint import write_atomically
from runner.config import ExperimentConfig, differing_settings
from runner.contract import CompiledLoss
from runner.machine import describe_machine


class IfExists(StrEnum):
    """What to do with a run of the same name."""

    REFUSE = "refuse"
    RESUME = "resume"
    OVERWRITE = "overwrite"


@dataclass(frozen=True)
class RunFolder:
    """Where the files of a run are."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def spec(self) -> Path:
        return self / "spec.alpha"

    @property
    def config(self) -> Path:
        return self / "config.json"

    @property
    def checkpoint(self) -> Path:
        return self / "checkpoint.pt"

    @property
    def metrics(self) -> Path:
        return self / "metrics.jsonl"

    @property
    def probe(self) -> Path:
        return self / "probe.json"


@dataclass(frozen=True)
class RunRecord:
    """What a run was asked to do."""

    loss: str
    values: Mapping[str, float]
    config: ExperimentConfig


def check_run(path: Path, loss: CompiledLoss, config: ExperimentConfig, if_exists: IfExists) -> None:
    """Whether a run may go to `path`. Raises `InputError` where one of the same name stands in the way."""
    run = RunFolder(path)
    if not run.config.is_file():
        return
    match if_exists:
        case IfExists.REFUSE:
            raise InputError(
                f"The run {path} exists already.",
                "Give --resume to continue it, --overwrite to train it again, or --name for another.",
            )
        case IfExists.RESUME:
            _check_same_run(run, loss, config)
        case IfExists.OVERWRITE:
            pass


def open_run(path: Path, loss: CompiledLoss, config: ExperimentConfig, if_exists: IfExists) -> RunFolder:
    """A folder ready to train in: new, or with the earlier work of a run that is resumed."""
    check_run(path, loss, config, if_exists)
    run = RunFolder(path)
    if run.config.is_file() and if_exists is IfExists.RESUME:
        return run
    if run.config.is_file():
        shutil.rmtree(path)
    _write_run(run, loss, config)
    return run


def read_record(run: RunFolder) -> RunRecord:
    """What the run in a folder was asked to do. Raises `InputError` where there is none."""
    try:
        stored = json.loads(run.config.read_text(encoding="utf-8"))
        return RunRecord(stored["loss"], stored["values"], ExperimentConfig.model_validate(stored["config"]))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{run.path} is not a run: it has no config.json.", "Give a folder below runs/.") from None
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        raise InputError(f"{run.config} is damaged.", "Train the run again with --overwrite.") from None


def find_runs(names: Sequence[str], runs_dir: Path) -> list[RunFolder]:
    """The runs named by path or by their name below `runs_dir`; every run there is, if none is named."""
    if not names:
        return [RunFolder(path.parent) for path in sorted(runs_dir.glob("*/config.json"))]
    paths = [Path(name) if Path(name).is_dir() else runs_dir / name for name in names]
    for path in paths:
        if not path.is_dir():
            raise InputError(f"There is no run {path}.", "Name a run folder, or give --runs-dir DIR.")
    return [RunFolder(path) for path in paths]


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def read_probe(run: RunFolder) -> dict[str, Any]:
    """The contents of probe.json. Raises `InputError` where the run was not probed."""
    try:
        content: dict[str, Any] = json.loads(run.probe.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"The run {run.path} was not probed.", f"Try: alphadsl probe {run.path}") from None
    except (OSError, ValueError):
        raise InputError(f"{run.probe} is damaged.", f"Try: alphadsl probe {run.path}") from None
    return content


def _check_same_run(run: RunFolder, loss: CompiledLoss, config: ExperimentConfig) -> None:
    record = read_record(run)
    for setting in differing_settings(record.config, config):
        old, new = getattr(record.config, setting), getattr(config, setting)
        raise InputError(
            f"The run {run.path} cannot be resumed: it was started with {setting} = {old}, not {new}.",
            "Give the settings it was started with, --name for another run, or --overwrite.",
        )
    if run.spec.read_text(encoding="utf-8") != loss.text or record.values != dict(loss.values):
        raise InputError(
            f"The run {run.path} cannot be resumed: it was started with another loss, kept in {run.spec}.",
            f"Train {run.spec}, or give --name for another run, or --overwrite.",
        )


def _write_run(run: RunFolder, loss: CompiledLoss, config: ExperimentConfig) -> None:
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise InputError(f"The folder {run.path} cannot be made: {fault.strerror}.", "Give --runs-dir DIR.") from None
    run.spec.write_text(loss.text, encoding="utf-8")
    (run / "ir.json").write_text(loss.ir_json() + "\n", encoding="utf-8")
    (run / "loss.py").write_text(loss.source, encoding="utf-8")
    write_json(run / "machine.json", describe_machine())
    stored = {"loss": loss.name, "values": dict(loss.values), "config": config.model_dump(mode="json")}
    write_json(run.config, stored)
