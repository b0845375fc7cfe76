"""The results of an experiment: tables, a verdict on each statement, a picture and all numbers, ready to show and to
write.

A statement compares a number with a tolerance that was fixed beforehand. If its premise does not hold for the data, it
is not claimed: it is shown with the reason, and fails nothing.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table

from alphadsl.storage import check_writable, write_file

DPI = 110
Item = TypeVar("Item")


@dataclass(frozen=True)
class Statement:
    """`measured` is at most the tolerance, or at least with `at_least`; nan fails."""

    claim: str
    measured: float
    tolerance: float
    at_least: bool = False
    not_claimed: str = ""

    @property
    def fails(self) -> bool:
        within = self.measured >= self.tolerance if self.at_least else self.measured <= self.tolerance
        return not self.not_claimed and not within

    @property
    def verdict(self) -> str:
        return f"not claimed: {self.not_claimed}" if self.not_claimed else "FAILS" if self.fails else "holds"

    @property
    def asked(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.tolerance:.2g}"


@dataclass(frozen=True, eq=False)
class Rows:
    """A table: its title, its column headers, and its cells as text."""

    title: str
    columns: Sequence[str]
    cells: Sequence[Sequence[str]]


@dataclass(frozen=True, eq=False)
class Report:
    title: str
    tables: Sequence[Rows]
    statements: Sequence[Statement]
    figure: Figure
    numbers: Mapping[str, Any]
    notes: Sequence[str] = field(default=())
    told_in_tables: bool = False
    """Whether the tables already show the verdicts."""

    @property
    def fails(self) -> bool:
        return any(statement.fails for statement in self.statements)

    def to_json(self) -> str:
        statements = [
            {
                "claim": statement.claim,
                "measured": statement.measured,
                "tolerance": statement.tolerance,
                "at_least": statement.at_least,
                "verdict": statement.verdict,
            }
            for statement in self.statements
        ]
        whole = {"title": self.title, "statements": statements, "notes": list(self.notes), **self.numbers}
        return json.dumps(_finite(whole), indent=1, allow_nan=False) + "\n"

    def show(self, console: Console) -> None:
        for rows in self.tables:
            table = Table(title=rows.title, title_justify="left", title_style="bold")
            for index, name in enumerate(rows.columns):
                table.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
            for cells in rows.cells:
                table.add_row(*cells)
            console.print(table, highlight=False)
        for note in self.notes:
            console.print(note, highlight=False, markup=False)
        if self.statements and not self.told_in_tables:
            verdicts = Table(title=f"{self.title}: statements", title_justify="left", title_style="bold")
            for name, justify in (
                ("statement", "left"),
                ("measured", "right"),
                ("tolerance", "right"),
                ("verdict", "left"),
            ):
                verdicts.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
            for statement in self.statements:
                style = "red" if statement.fails else "dim" if statement.not_claimed else ""
                verdicts.add_row(
                    statement.claim, f"{statement.measured:.2e}", statement.asked, statement.verdict, style=style
                )
            console.print(verdicts, highlight=False)

    def write(self, stem: Path) -> tuple[Path, Path]:
        """Write STEM.png and STEM.json. Returns both paths."""
        png, numbers = outputs(stem)
        drawn = BytesIO()
        self.figure.savefig(drawn, format="png", dpi=DPI, metadata={"Software": "alphadsl theory"})
        write_file(png, drawn.getvalue())
        write_file(numbers, self.to_json().encode())
        return png, numbers


def outputs(stem: Path) -> tuple[Path, Path]:
    return stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.json")


def check_outputs(stem: Path) -> None:
    """Raises `InputError` if the results could not be written, before they are computed."""
    for path in outputs(stem):
        check_writable(path)


def watched(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items, with a progress bar on stderr if it is a terminal."""
    console = Console(stderr=True)
    length = total if total is not None else len(items)  # type: ignore[arg-type]
    yield from track(items, what, length, console=console, transient=True, disable=not console.is_terminal)


def _finite(value: Any) -> Any:
    """The value with non-finite floats as strings, since JSON cannot represent them."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case Mapping():
            return {str(key): _finite(part) for key, part in value.items()}
        case list() | tuple():
            return [_finite(part) for part in value]
        case _:
            return value
