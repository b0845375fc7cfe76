"""Checkpoints: the state of a run comes in and goes out whole. A file is written aside and then moved into place, so
that a kill at any moment leaves either the old one or the new one; a file that cannot be read is refused by name.
"""

import io
import os
import pickle
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from alphadsl.report.faults import InputError

State = dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run needs to go on as if it had never stopped: the rest follows from seed, epoch and step."""

    epoch: int
    """Epochs completed."""
    step: int
    """Optimizer steps taken."""
    seconds: float
    """Time spent in training so far."""
    metrics_bytes: int
    """Length of metrics.jsonl at this point; what follows belongs to work that a resumed run does again."""
    network: State
    loss: State
    optimizer: State


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    buffer = io.BytesIO()
    torch.save({field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)}, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """The checkpoint at `path`. Raises `InputError` where there is none or it is damaged."""
    try:
        return Checkpoint(**torch.load(path, map_location=device, weights_only=True))
    except FileNotFoundError:
        raise InputError(f"There is no checkpoint {path}.", "Train the run first.") from None
    except (OSError, RuntimeError, EOFError, TypeError, ValueError, pickle.UnpicklingError) as damage:
        reason = str(damage).splitlines()[0]
        raise InputError(f"The checkpoint {path} cannot be read: {reason}.", "Train again with --overwrite.") from None


def write_atomically(path: Path, content: bytes) -> None:
    aside = path.with_name(f"{path.name}.partial")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
