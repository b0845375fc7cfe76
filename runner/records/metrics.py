"""The measurements of a run: rows come in and go to metrics.jsonl and boards; the rows of a run can be read back.

A log opened at a byte position drops what follows it, so that a resumed run leaves no row twice. A last row that a kill
truncated is normal. Refused: rows that cannot be read or are not rows.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded, read_file
from runner.progress import tell
from runner.records.boards import Board

Row = Mapping[str, float]

FLUSH_SECONDS = 5.0
"""Rows are on disk after this many seconds, for anyone who watches. A resumed run drops rows after its checkpoint."""

STEP_KEYS = frozenset({"step", "epoch"})


@dataclass(frozen=True)
class Curve:
    """One measurement over a run: `values[k]` was taken at `at[k]`, a step or an epoch."""

    at: tuple[float, ...]
    values: tuple[float, ...]


class MetricsLog:
    """An open metrics.jsonl, and boards that show the same."""

    def __init__(self, path: Path, start: int, open_boards: Callable[[], Sequence[Board]]) -> None:
        self._path = path
        with guarded(path, "written"):
            cut_rows(path, start)
            self._file = path.open("a", encoding="utf-8")
            self._boards = open_boards()
        self._flushed = time.monotonic()

    def write(self, row: Row) -> None:
        """Append a row with its `step`; boards get all of its other numbers."""
        numbers = {name: number for name, number in row.items() if name not in STEP_KEYS}
        with guarded(self._path, "written"):
            self._file.write(json.dumps(row) + "\n")
            for board in self._boards:
                board.write(numbers, int(row["step"]))
            if time.monotonic() - self._flushed >= FLUSH_SECONDS:
                self._file.flush()
                for board in self._boards:
                    board.flush()
                self._flushed = time.monotonic()

    def flush(self) -> int:
        """Write everything to disk. Returns the length of the file in bytes."""
        with guarded(self._path, "written"):
            self._file.flush()
            os.fsync(self._file.fileno())
            return os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _first_fault_counts(fault), guarded(self._path, "written"):
            try:
                self._file.close()
            finally:
                for board in self._boards:
                    board.close(failed=fault is not None)


class Unwritten(MetricsLog):
    """The log of a process that leaves writing to another one."""

    def __init__(self) -> None:
        """Nothing to open."""

    def write(self, row: Row) -> None:
        """Nothing is written."""

    def flush(self) -> int:
        return 0

    def __exit__(self, *fault: object) -> None:
        """Nothing to close."""


@contextmanager
def _first_fault_counts(earlier: BaseException | None) -> Iterator[None]:
    """A full disk is still full when the file is closed; the first error is reported, not the second."""
    try:
        yield
    except InputError:
        if earlier is None:
            raise


def cut_rows(path: Path, start: int) -> None:
    """Truncate the file to its first `start` bytes, which are whole rows, and report if there are fewer."""
    path.touch()
    with path.open("rb+") as file:
        kept = file.read(start)
        whole = kept.rfind(b"\n") + 1
        if whole < start:
            tell(f"{path} has lost measurements of earlier epochs; the run continues without them.")
        file.truncate(whole)


def read_rows(path: Path) -> list[dict[str, float]]:
    """All rows. Raises `InputError` if there is no file or a row cannot be read."""
    if not path.exists():
        raise InputError(f"{path} is missing.", "Put a copy of it back.")
    lines = read_file(path).split(b"\n")
    return [_parse_row(path, number, line) for number, line in enumerate(lines[:-1], start=1)]


def read_epochs(path: Path) -> list[dict[str, float]]:
    """The rows written at the ends of epochs, without the time it takes to read the rows of all steps; empty without a
    file.

    Raises `InputError` if one of them cannot be read or a line is not a row.
    """
    if not path.exists():
        return []
    lines = read_file(path).split(b"\n")
    return [_parse_row(path, number, line) for number, line in enumerate(lines[:-1], start=1) if not _of_a_step(line)]


def _of_a_step(line: bytes) -> bool:
    return line.startswith(b'{"step": ') and line.endswith(b"}") and b'"seconds"' not in line and b'"knn"' not in line


def _parse_row(path: Path, number: int, line: bytes) -> dict[str, float]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    numbers = isinstance(row, dict) and all(type(value) in (int, float) for value in row.values())
    if not numbers or "step" not in row:
        raise InputError(f"{path} is damaged in line {number}.", "Put a copy of it back, or delete the line.")
    return dict(row)


def pick_curve(rows: list[dict[str, float]], name: str) -> Curve:
    """The values of `name`, by step."""
    points = [(row["step"], row[name]) for row in rows if name in row]
    return Curve(tuple(step for step, _ in points), tuple(value for _, value in points))
