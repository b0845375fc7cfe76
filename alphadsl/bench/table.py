"""Figures as tables for the terminal: comparisons come in; rich tables come out, with the reasons of missing
entries."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from alphadsl.bench.session import Comparison, Figures, weighed
from alphadsl.bench.titles import title_of

DASH = "-"
SMALL = 10


def make_tables(comparisons: Sequence[Comparison]) -> Iterator[Group]:
    """One table for each loss: contenders down, sizes across, each with its time, ratio, and peak memory if that was
    measured. The title is above the table, where a narrow table does not wrap it."""
    for spec, group in groupby(comparisons, key=lambda comparison: comparison.spec):
        sizes = list(group)
        title = "ms of a step, forward and backward; ratio to the first"
        title, columns = (f"{title}; peak extra MB", 3) if weighed(sizes) else (title, 2)
        yield Group(Text(f"{spec}: {title}"), _table(sizes, columns))


def _table(sizes: list[Comparison], columns: int) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for size in sizes:
        for heading in (f"A = {size.anchors}\nms", "\ntimes", "\nMB")[:columns]:
            table.add_column(heading, justify="right", no_wrap=True)
    for place, figures in enumerate(sizes[0].figures):
        cells = [cell for size in sizes for cell in _cells(size, size.figures[place])[:columns]]
        table.add_row(title_of(figures.contender), *cells)
    return table


def _cells(comparison: Comparison, figures: Figures) -> tuple[str, str, str]:
    ratio = comparison.ratio(figures)
    return (
        DASH if figures.seconds is None else written(figures.seconds * 1e3),
        DASH if ratio is None else f"{ratio:.2f}",
        DASH if figures.peak is None else written(figures.peak / 1e6),
    )


def written(number: float) -> str:
    """The number with about three digits."""
    return f"{number:.2f}" if number < SMALL else f"{number:.1f}" if number < SMALL**2 else f"{number:,.0f}"


def reasons(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """One line for each reason of a missing entry, with the losses and sizes it applies to."""
    names: dict[tuple[str, str], list[str]] = {}
    for comparison in comparisons:
        for figures in comparison.figures:
            if figures.why:
                names.setdefault((figures.contender, figures.why), []).append(
                    f"{comparison.spec} at A = {comparison.anchors}"
                )
    for (contender, why), places in names.items():
        yield f"- {title_of(contender)}: {why} ({', '.join(places)})"
