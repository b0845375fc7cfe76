"""Progress of a run on stderr: steps come in; a bar with loss, images per second and time left comes out. Without a
terminal, it is a line from time to time and one for each epoch.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Column
from rich.text import Text

from runner.settings.config import ExperimentConfig
from runner.settings.processes import leads

LINE_SECONDS = 15.0
"""Seconds between lines about the progress of a run without a terminal."""

MEDIUM, WIDE = 70, 110
"""Widths of a terminal, in columns, from which more of the bar is shown."""


def _console() -> Console:
    """A console on stderr. With several processes, only rank 0 prints."""
    return Console(stderr=True, quiet=not leads())


def tell(message: str) -> None:
    """Print a line about what is being done."""
    _console().print(message, highlight=False, markup=False, style="dim", soft_wrap=True)


Part = TypeVar("Part")


def watched(parts: Iterable[Part], total: int, what: str) -> Iterator[Part]:
    """Yield the parts under a progress bar; without a terminal, print a line with their number from time to time."""
    console = _console()
    columns = TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn(compact=True)
    line_at = time.monotonic()
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        for count, part in enumerate(parts, start=1):
            bar.update(task, advance=1)
            if not console.is_terminal and time.monotonic() - line_at >= LINE_SECONDS:
                line_at = time.monotonic()
                tell(f"{what}: {count:,} of {total:,}")
            yield part


class _SpeedColumn(ProgressColumn):
    """Images per second, each of which is seen in two views."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self._batch = batch

    def render(self, task: Task) -> Text:
        return Text(f"{(task.speed or 0) * self._batch:,.0f} images/s" if task.speed else "")


class Progress:
    """The bar of one run, as much of it as fits the terminal; without a terminal, a line from time to time."""

    def __init__(self, name: str, step: int, total: int, config: ExperimentConfig) -> None:
        self._console = _console()
        self._name, self._step, self._total, self._config = name, step, total, config
        self._line_at = time.monotonic()
        self._paced_from: tuple[int, float] | None = None
        self._bar = Bar(
            *_columns(self._console.width, config.batch),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(name, completed=step, total=total, seen="")
        self._knn = ""

    def advance(self, loss: float | None) -> None:
        """Count one more step; `loss` is the last known one, if there is any."""
        self._step += 1
        shown = "" if loss is None else f"loss {loss:.4f}"
        self._bar.update(self._task, advance=1, seen=f"{shown}{self._knn}")
        now = time.monotonic()
        self._paced_from = self._paced_from or (self._step, now)
        if not self._console.is_terminal and now - self._line_at >= LINE_SECONDS:
            self._line_at = now
            parts = (f"step {self._step:,} of {self._total:,}", shown, *self._pace(*self._paced_from, now))
            self._tell("  ".join(filter(None, parts)))

    def _pace(self, step: int, since: float, now: float) -> Iterator[str]:
        """Speed and time left, measured from the first step on, which may compile for longer than an epoch takes."""
        if self._step > step:
            seconds = (now - since) / (self._step - step)
            yield f"{self._config.batch / seconds:,.0f} images/s"
            yield f"{timedelta(seconds=round(seconds * (self._total - self._step)))} left"

    def tell_epoch(self, epoch: int, knn: float | None, speed: float) -> None:
        self._knn = "" if knn is None else f"  kNN {knn:.1%}"
        if not self._console.is_terminal:
            self._tell(f"epoch {epoch}{self._knn}  {speed:,.0f} images/s")

    def _tell(self, what: str) -> None:
        self._console.print(f"{self._name}: {what}", highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def _columns(width: int, batch: int) -> list[ProgressColumn]:
    """The columns that fit: first the name, the steps and the loss, then the time left, then the speed, then a bar."""
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[seen]}", table_column=Column(no_wrap=True)),
    ]
    if width >= MEDIUM:
        columns.append(TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)))
    if width >= WIDE:
        columns += [_SpeedColumn(batch), BarColumn(bar_width=width - WIDE + 10)]
    return columns
