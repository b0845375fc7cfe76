"""Checkpoints: the state of a run comes in and goes out whole, with the record of the run whose it is.

A kill at any moment leaves either the old file or the new one. Refused by name: a file that is missing, cut short or
changed in a single bit, one of another program or of a newer version.
"""

import hashlib
import io
import os
import pickle
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded, read_file, write_file

State = dict[str, Any]

FORMAT = 3
"""Of checkpoints. Those of format 1 do not say whose they are, those of format 2 are of the end of an epoch and have
no sum of the whole file."""

SEAL = b"sha256:"
SEAL_LENGTH = len(SEAL) + 2 * hashlib.sha256().digest_size

_UNREADABLE = (
    *(OSError, RuntimeError, EOFError, TypeError, ValueError, KeyError, IndexError, AttributeError, ImportError),
    *(pickle.UnpicklingError, zipfile.BadZipFile, zlib.error, OverflowError, NotImplementedError, AssertionError),
)


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run needs to go on as if it had never stopped: the rest follows from seed, epoch and step."""

    epoch: int
    """Epochs completed."""
    step: int
    """Optimizer steps taken; those beyond the completed epochs are of the next one."""
    seconds: float
    """Time spent in training so far."""
    metrics_bytes: int
    """Length of metrics.jsonl at this point; what follows belongs to work that a resumed run does again."""
    network: State
    loss: State
    optimizer: State
    record: str
    """The `RunRecord` of the run, as JSON."""
    epoch_seconds: float = 0.0
    """Time spent so far in the epoch under way."""
    branches: State = field(default_factory=dict)
    """Predictor, momentum encoder and queue, as far as there are any."""
    averaged: State = field(default_factory=dict)
    """The network that is measured where that is not the one that is trained."""

    @property
    def measured(self) -> State:
        """The network that is probed and exported."""
        return self.averaged or self.network


NAMES = frozenset(field.name for field in fields(Checkpoint))
OPTIONAL: Mapping[str, Any] = MappingProxyType({"epoch_seconds": 0.0, "branches": {}, "averaged": {}})
"""What earlier formats do not have."""
KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("epoch", "step", "metrics_bytes"), int),
    **dict.fromkeys(("network", "loss", "optimizer", "branches", "averaged"), dict),
    **dict.fromkeys(("seconds", "epoch_seconds"), (int, float)),
    "record": str,
}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    buffer = io.BytesIO()
    torch.save({"format": FORMAT} | {name: getattr(checkpoint, name) for name in sorted(NAMES)}, buffer)
    write_file(path, seal(buffer.getvalue()))


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """The checkpoint at `path`. Raises `InputError` where there is none, or it cannot be trusted."""
    if not path.exists():
        raise InputError(f"There is no checkpoint {path}.", "Train the run first.")
    content = read_file(path)
    whole = is_sealed(content)
    stored = _unpack(path, content, device)
    if not isinstance(stored, dict) or "format" not in stored or not isinstance(stored["format"], int):
        raise InputError(f"{path} is not a checkpoint of this alphadsl.", "Put the run's own file back.")
    if stored["format"] > FORMAT:
        raise InputError(f"The checkpoint {path} was written by a newer alphadsl.", "Use that version, or a newer one.")
    if stored["format"] > 2 and not whole:
        raise damaged(path, "it does not have the sum it was written with")
    stored = {**OPTIONAL, **stored}
    wrong = [name for name in sorted(NAMES) if not isinstance(stored.get(name), KINDS[name])]
    if wrong or min(stored["epoch"], stored["step"], stored["metrics_bytes"]) < 0:
        raise damaged(path, f"it has no {wrong[0]}" if wrong else "it counts below zero")
    return Checkpoint(**{name: stored[name] for name in NAMES})


def seal(archive: bytes) -> bytes:
    """A zip archive with its own SHA-256 as comment, so that no bit of it changes unseen; torch reads it as before."""
    note = SEAL + hashlib.sha256(archive).hexdigest().encode()
    return archive[:-2] + len(note).to_bytes(2, "little") + note


def is_sealed(content: bytes) -> bool:
    """Whether an archive ends in its own sum."""
    note, length = content[-SEAL_LENGTH:], SEAL_LENGTH.to_bytes(2, "little")
    if not note.startswith(SEAL) or content[-SEAL_LENGTH - 2 : -SEAL_LENGTH] != length:
        return False
    digest = hashlib.sha256(memoryview(content)[: -SEAL_LENGTH - 2])
    digest.update(b"\0\0")  # where the length of the comment is now
    return note == SEAL + digest.hexdigest().encode()


def has_its_end(path: Path) -> bool:
    """Whether a checkpoint is as long as it was written, at the cost of reading its last bytes."""
    if not zipfile.is_zipfile(path):
        return False
    with guarded(path, "read"), path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 2 * SEAL_LENGTH), os.SEEK_END)
        note = file.read()
    return SEAL not in note or note[-SEAL_LENGTH:].startswith(SEAL)


def _unpack(path: Path, content: bytes, device: torch.device) -> object:
    """torch's own words are not passed on: they advise to load what may run code."""
    try:
        # torch writes a sum for each part of the file, and does not look at it when it reads.
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            broken = parts.testzip()
    except _UNREADABLE:
        raise damaged(path, "it is empty" if not content else "it is cut short or no checkpoint") from None
    if broken is not None:
        raise damaged(path, f"its part {broken} does not have the sum it was written with")
    try:
        return torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    except _UNREADABLE:
        raise damaged(path, "it does not hold what a checkpoint holds") from None


def damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"The checkpoint {path} cannot be used: {reason}.",
        "Put a copy of it back, or give --name to train another run beside it.",
    )


@contextmanager
def taken_from(path: Path) -> Iterator[None]:
    """What does not fit when a state is loaded inside the block is the checkpoint's fault, and told in one line."""
    try:
        yield
    except InputError:
        raise
    except _UNREADABLE:
        raise damaged(path, "its weights are not those of this network, loss and optimizer") from None
