"""Checkpoints: the state of a run is saved and loaded as a whole, with the record of the run that it belongs to.

A kill at any moment leaves either the old file or the new one. Refused by name: a file that is missing, truncated or
changed in a single bit, one from another program, and one from a newer version.
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
"""Version of the checkpoint format. Checkpoints of format 1 do not say which run they belong to. Those of format 2 were
written only at the end of an epoch and have no checksum of the whole file."""

SEAL = b"sha256:"
SEAL_LENGTH = len(SEAL) + 2 * hashlib.sha256().digest_size

_UNREADABLE = (
    *(OSError, RuntimeError, EOFError, TypeError, ValueError, KeyError, IndexError, AttributeError, ImportError),
    *(pickle.UnpicklingError, zipfile.BadZipFile, zlib.error, OverflowError, NotImplementedError, AssertionError),
)


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run needs to continue as if it had never stopped; the rest follows from seed, epoch and
    step."""

    epoch: int
    """Number of completed epochs."""
    step: int
    """Optimizer steps taken; those after the completed epochs belong to the next one."""
    seconds: float
    """Training time so far, in seconds."""
    metrics_bytes: int
    """Length of metrics.jsonl at this point; what follows belongs to work that a resumed run repeats."""
    network: State
    loss: State
    optimizer: State
    record: str
    """The `RunRecord` of the run, as JSON."""
    epoch_seconds: float = 0.0
    """Training time so far in the current epoch, in seconds."""
    branches: State = field(default_factory=dict)
    """Predictor, momentum encoder and queue, those that exist."""
    averaged: State = field(default_factory=dict)
    """The network that is measured, if it is not the one that is trained."""

    @property
    def measured(self) -> State:
        """The network that is probed and exported."""
        return self.averaged or self.network


NAMES = frozenset(field.name for field in fields(Checkpoint))
OPTIONAL: Mapping[str, Any] = MappingProxyType({"epoch_seconds": 0.0, "branches": {}, "averaged": {}})
"""Fields that earlier formats lack, with their defaults."""
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
    """The checkpoint at `path`. Raises `InputError` if it does not exist or cannot be trusted."""
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
        raise damaged(path, "its checksum does not match")
    stored = {**OPTIONAL, **stored}
    wrong = [name for name in sorted(NAMES) if not isinstance(stored.get(name), KINDS[name])]
    if wrong or min(stored["epoch"], stored["step"], stored["metrics_bytes"]) < 0:
        raise damaged(path, f"it has no {wrong[0]}" if wrong else "one of its counts is negative")
    return Checkpoint(**{name: stored[name] for name in NAMES})


def seal(archive: bytes) -> bytes:
    """A zip archive with its own SHA-256 as comment, so that any change of a bit is noticed. torch still reads it."""
    note = SEAL + hashlib.sha256(archive).hexdigest().encode()
    return archive[:-2] + len(note).to_bytes(2, "little") + note


def is_sealed(content: bytes) -> bool:
    """Whether an archive ends with a checksum that matches its content."""
    note, length = content[-SEAL_LENGTH:], SEAL_LENGTH.to_bytes(2, "little")
    if not note.startswith(SEAL) or content[-SEAL_LENGTH - 2 : -SEAL_LENGTH] != length:
        return False
    digest = hashlib.sha256(memoryview(content)[: -SEAL_LENGTH - 2])
    digest.update(b"\0\0")  # in place of the length of the comment
    return note == SEAL + digest.hexdigest().encode()


def has_its_end(path: Path) -> bool:
    """Whether a checkpoint is complete, at the cost of reading only its last bytes."""
    if not zipfile.is_zipfile(path):
        return False
    with guarded(path, "read"), path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 2 * SEAL_LENGTH), os.SEEK_END)
        note = file.read()
    return SEAL not in note or note[-SEAL_LENGTH:].startswith(SEAL)


def _unpack(path: Path, content: bytes, device: torch.device) -> object:
    """The content of a checkpoint. torch's messages are not passed on: they advise loading what may run code."""
    try:
        # torch writes a checksum for each part of the file, and does not verify it when it reads.
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            broken = parts.testzip()
    except _UNREADABLE:
        raise damaged(path, "it is empty" if not content else "it is truncated or no checkpoint") from None
    if broken is not None:
        raise damaged(path, f"the checksum of its part {broken} does not match")
    try:
        return torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    except _UNREADABLE:
        raise damaged(path, "its content is not that of a checkpoint") from None


def damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"The checkpoint {path} cannot be used: {reason}.",
        "Put a copy of it back, or give --name to train another run beside it.",
    )


@contextmanager
def taken_from(path: Path) -> Iterator[None]:
    """Report any error from loading a state inside the block as damage to the checkpoint, in one line."""
    try:
        yield
    except InputError:
        raise
    except _UNREADABLE:
        raise damaged(path, "its weights do not fit this network, loss and optimizer") from None
