"""The measurements of a run: rows come in, metrics.jsonl and TensorBoard get them; the rows of a run come back out.

A log opened at a byte position forgets what follows it, so that a resumed run leaves no row twice.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from torch.utils.tensorboard import SummaryWriter

Row = Mapping[str, float]

STEP_KEYS = frozenset({"step", "epoch"})


@dataclass(frozen=True)
class Curve:
    """One measurement over a run: `values[k]` was taken at `at[k]`, a step or an epoch."""

    at: tuple[float, ...]
    values: tuple[float, ...]


class MetricsLog:
    """An open metrics.jsonl with its TensorBoard events beside it."""

    def __init__(self, path: Path, start: int, step: int) -> None:
        path.touch()
        os.truncate(path, min(start, path.stat().st_size))
        self._file = path.open("a", encoding="utf-8")
        self._board = SummaryWriter(str(path.parent / "tensorboard"), purge_step=step + 1)

    def write(self, row: Row) -> None:
        """Append a row with its `step`; every other number becomes a TensorBoard scalar."""
        self._file.write(json.dumps(row) + "\n")
        for name in row.keys() - STEP_KEYS:
            self._board.add_scalar(name, row[name], int(row["step"]))

    def flush(self) -> int:
        """Put everything on disk; the length of the file in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._board.close()


def read_curve(path: Path, name: str) -> Curve:
    """The values of `name` in a metrics.jsonl, by step; a last row cut short by a kill is left out."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    rows = [json.loads(line) for line in lines if line.endswith("\n")]
    found = [(row["step"], row[name]) for row in rows if name in row]
    return Curve(tuple(step for step, _ in found), tuple(value for _, value in found))
