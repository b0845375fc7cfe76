"""The folder of a run: a path comes in; the paths of its files, its owner and a lock on it come out.

A run folder carries a marker that only the runner writes. Files are replaced or deleted only in a folder with that
marker, and only those that the runner wrote: everything else in it stays. Refused: a folder that is not a run of ours,
one that another process is using, links in place of our files, and files of ours that were edited.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from alphadsl.report.exceptions import InputError
from alphadsl.storage import PARTIAL, guarded, make_folder, read_file, write_file
from runner.locks import HeldError, lock_file
from runner.records.identity import fingerprint_of

FORMAT = 2
"""Version of the format of run folders. Those of format 1 have no marker."""

MARKER, LOCK, BOARD = "alphadsl-run.json", ".lock", "tensorboard"
BOARD_EVENTS = "events.out.tfevents.*"
WRITTEN_ONCE = ("spec.alpha", "ir.json", "loss.py", "machine.json")
CONFIG, METRICS, CHECKPOINT, PROBE = "config.json", "metrics.jsonl", "checkpoint.pt", "probe.json"
CONFUSION, ENDING, LOGGERS = "confusion.png", "ended.json", "loggers.json"
KEPT, KEPT_CHECKPOINTS, EARLIER_CHECKPOINTS = "checkpoints", "epoch-*.pt", "step-*.pt"
FOLDERS = ((BOARD, BOARD_EVENTS), (KEPT, KEPT_CHECKPOINTS), (KEPT, EARLIER_CHECKPOINTS))
"""Folders inside a run, and the files that we write there."""
SET_ASIDE = f"{CHECKPOINT}.damaged*"
"""Checkpoints that could not be used and were moved out of the way."""
WORK = (CHECKPOINT, METRICS, PROBE, CONFUSION, ENDING, LOGGERS)
OURS = (CONFIG, *WORK, *WRITTEN_ONCE)
ANOTHER = "Give --name for another run."


@dataclass(frozen=True)
class RunFolder:
    """The paths of the files of a run."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def marker(self) -> Path:
        return self / MARKER

    @property
    def spec(self) -> Path:
        return self / "spec.alpha"

    @property
    def config(self) -> Path:
        return self / CONFIG

    @property
    def checkpoint(self) -> Path:
        return self / CHECKPOINT

    def kept_checkpoint(self, epoch: int) -> Path:
        """The path of a checkpoint that is kept for good and that no later epoch replaces."""
        return self / KEPT / f"epoch-{epoch:05}.pt"

    @property
    def checkpoints(self) -> tuple[Path, ...]:
        """The checkpoints that are kept for good, in order of their epochs."""
        return tuple(sorted((self / KEPT).glob(KEPT_CHECKPOINTS)))

    def earlier_checkpoint(self, step: int) -> Path:
        """Where the last checkpoint is moved when a new one is written."""
        return self / KEPT / f"step-{step:010}.pt"

    @property
    def earlier_checkpoints(self) -> tuple[Path, ...]:
        """The checkpoints before the last one, newest first."""
        return tuple(sorted((self / KEPT).glob(EARLIER_CHECKPOINTS), reverse=True))

    @property
    def metrics(self) -> Path:
        return self / METRICS

    @property
    def probe(self) -> Path:
        return self / PROBE

    @property
    def confusion(self) -> Path:
        return self / CONFUSION


class AtWorkError(InputError):
    """Raised when another process is using the folder."""


class Marker(BaseModel):
    """The file that marks a folder as ours."""

    model_config = ConfigDict(frozen=True)

    written_by: Literal["alphadsl"] = "alphadsl"
    format: int = FORMAT
    run: str
    files: Mapping[str, str]
    """SHA-256 of the files that are written once, so that an edited one is not overwritten."""


class State(Enum):
    """What exists at the path of a run."""

    FREE = auto()
    """Nothing, or the remains of a start that was interrupted."""
    RUN = auto()
    UNNAMED = auto()
    """A run of ours whose config.json is gone."""
    EARLIER = auto()
    """A run of an earlier version, which wrote no marker."""
    FOREIGN = auto()
    """Somebody else's files."""


def state_of(run: RunFolder) -> State:
    """What is at the path. Raises `InputError` if the folder cannot be read or a newer version wrote it."""
    with guarded(run.path, "read"):
        if not run.path.exists():
            return State.FREE
        unfinished = {path.name for path in run.path.glob(f".{MARKER}.*{PARTIAL}")}
        names = {path.name for path in run.path.iterdir()} - {LOCK} - unfinished
    if not names:
        return State.FREE
    if MARKER not in names:
        return State.EARLIER if {CONFIG, "spec.alpha", "ir.json", "loss.py"} <= names else State.FOREIGN
    read_marker(run)
    if CONFIG in names:
        return State.RUN
    return State.UNNAMED if names & set(WORK) else State.FREE


def read_marker(run: RunFolder) -> Marker:
    try:
        marker = Marker.model_validate_json(read_file(run.marker))
    except ValidationError:
        raise InputError(
            f"{run.marker} is damaged, so nothing in its folder is changed.", f"Restore it from a copy. {ANOTHER}"
        ) from None
    if marker.format > FORMAT:
        raise InputError(
            f"The run {run.path} was written by a newer alphadsl (format {marker.format}; this one reads {FORMAT}).",
            "Use that version, or a newer one.",
        )
    return marker


def is_run(path: Path) -> bool:
    """Whether a folder looks like a run, of this version or another."""
    try:
        return (path / MARKER).is_file() or state_of(RunFolder(path)) is State.EARLIER
    except InputError:
        return False


def check_untouched(run: RunFolder) -> None:
    """Raises `InputError` that names one of our files if it is a link or was edited."""
    for name in (MARKER, *OURS, *(folder for folder, _ in FOLDERS)):
        if (run / name).is_symlink():
            raise InputError(f"{run / name} is a link, not what the runner wrote.", f"Move it away. {ANOTHER}")
    for name, fingerprint in read_marker(run).files.items():
        if name in WRITTEN_ONCE and (run / name).is_file() and fingerprint_of(read_file(run / name)) != fingerprint:
            raise InputError(
                f"{run / name} was changed after the run wrote it, and would be lost.",
                f"Move it out of the folder. {ANOTHER}",
            )


def clear(run: RunFolder) -> None:
    """Delete what the runner wrote, settings first, and leave everything else; the marker and the lock stay."""
    check_untouched(run)
    with guarded(run.path, "cleared"):
        for name in OURS:
            (run / name).unlink(missing_ok=True)
        for aside in run.path.glob(SET_ASIDE):
            aside.unlink()
        for folder, files in FOLDERS:
            for file in (run / folder).glob(files):
                file.unlink()
            if (run / folder).is_dir() and not any((run / folder).iterdir()):
                (run / folder).rmdir()
    sweep(run)


def sweep(run: RunFolder) -> None:
    """Delete files that a kill left half written."""
    with guarded(run.path, "cleared"):
        for folder, files in (*((".", name) for name in (MARKER, *OURS)), *FOLDERS):
            for partial in (run / folder).glob(f".{files}.*{PARTIAL}"):
                partial.unlink()


@contextmanager
def locked(run: RunFolder) -> Iterator[None]:
    """Hold the lock of the folder. Raises `AtWorkError` if another process holds it."""
    make_folder(run.path)
    with ExitStack() as held:
        try:
            held.enter_context(lock_file(run / LOCK))
        except HeldError:
            raise AtWorkError(
                f"Another process is using the run {run.path}.", f"Wait until it has ended. {ANOTHER}"
            ) from None
        yield


def check_free_of_others(run: RunFolder) -> None:
    """Raises `AtWorkError` if another process is using the folder."""
    if (run / LOCK).exists():
        with locked(run):
            pass


def write_marker(run: RunFolder, name: str, files: Mapping[str, bytes]) -> None:
    marker = Marker(run=name, files={file: fingerprint_of(content) for file, content in files.items()})
    write_file(run.marker, marker.model_dump_json(indent=2).encode() + b"\n")


def check_name(name: str, what: str = "run", option: str = "--runs-dir") -> None:
    """Raises `InputError` unless a name is that of a single folder below the one that an option names."""
    strange = name in ("", ".", "..") or any(mark in name for mark in "/\\\0") or not name.isprintable()
    if strange or name != name.strip():
        raise InputError(
            f"A {what} cannot be called {name!r}: its name is a single folder below {option}.",
            f"Use letters, digits, dots, dashes and underscores; {option} DIR says where that is.",
        )
    if len(name.encode()) > 200:
        raise InputError(f"The name {name[:40]}... has {len(name)} characters; 200 fit.", "Give a shorter --name.")
