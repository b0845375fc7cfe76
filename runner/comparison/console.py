"""The table of a comparison in a terminal: rows come in; a table or list that fits its columns comes out."""

from collections.abc import Iterator, Sequence

from rich.box import HEAVY_HEAD, SIMPLE
from rich.console import Console, RenderableType
from rich.console import Group as Lines
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from runner.records.summary import COLUMNS

Rows = Sequence[tuple[str, ...]]


def make_table(title: str, rows: Rows, width: int) -> RenderableType:
    """The rows as a table if it fits into `width` columns, otherwise as a list. No word is cut."""
    for box in (HEAVY_HEAD, SIMPLE):
        table = Table(title=title, box=box, pad_edge=box is HEAVY_HEAD)
        table.add_column(COLUMNS[0][0], width=max(_longest_word(row[0]) for row in rows))
        for index, (name, _) in enumerate(COLUMNS[1:], start=1):
            heading = len(name) if box is HEAVY_HEAD else _longest_word(name)
            table.add_column(name, justify="right", width=max(heading, *(len(row[index]) for row in rows)))
        for row in rows:
            table.add_row(*row)
        console = Console(width=10_000)
        spare = width - Measurement.get(console, console.options, table).minimum
        if spare >= 0:
            table.columns[0].width = min(max(len(row[0]) for row in rows), (table.columns[0].width or 0) + spare)
            return table
    return Lines(title, *(text for row in rows for text in _below_each_other(row)))


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _below_each_other(row: tuple[str, ...]) -> Iterator[Text]:
    yield Text(row[0], style="bold")
    yield from (Text(f"  {name:<14}  {cell}") for (name, _), cell in zip(COLUMNS[1:], row[1:], strict=True) if cell)
