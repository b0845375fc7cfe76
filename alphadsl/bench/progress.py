"""Progress of the measurements, on stderr: a bar if there is a terminal, and a line for each result in any case.

A line is printed as soon as a loss is measured at a size, so an interrupted run has reported what it measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from alphadsl.bench.calibrate import Timed
from alphadsl.bench.session import Comparison
from alphadsl.bench.table import written
from alphadsl.bench.titles import title_of

MISSING = "not measured"


class Told:
    """The bar of one command, with a step for each process that ends."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task, self._what = bar, task, ""

    def starts(self, what: str) -> None:
        self._what = what
        self._bar.update(self._task, description=what)

    def hears(self, where: str) -> None:
        self._bar.update(self._task, description=f"{self._what}, {where}")

    def ends(self) -> None:
        self._bar.update(self._task, advance=1)

    def result(self, line: str) -> None:
        self._bar.console.print(line, highlight=False, soft_wrap=True, markup=False)


@contextmanager
def shown(processes: int) -> Iterator[Told]:
    """Show progress of a command that starts this many processes."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Told(bar, bar.add_task("measuring", total=processes))


def line_of(comparison: Comparison) -> str:
    """The milliseconds of every contender, and their ratio to the first."""
    parts = []
    for figures in comparison.figures:
        ratio = comparison.ratio(figures)
        time = MISSING if figures.seconds is None else f"{written(figures.seconds * 1e3)} ms"
        times = "" if ratio is None or figures is comparison.figures[0] else f" ({ratio:.2f} times)"
        parts.append(f"{title_of(figures.contender)} {time}{times}")
    return f"{comparison.spec}, A = {comparison.anchors}: {'; '.join(parts)}"


def line_of_ways(timed: Timed) -> str:
    """The milliseconds of each of our backends that ran."""
    parts = [f"{way} {written(seconds * 1e3)} ms" for way, seconds in timed.answer.seconds.items()]
    return f"{timed.spec}, A = {timed.anchors}: {'; '.join(parts) or MISSING}"
