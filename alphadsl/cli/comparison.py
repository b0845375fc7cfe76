"""Runs side by side: run folders come in; a table on standard output and figures come out.

Torch and the runner are imported inside the functions, so that the rest of the command line starts without them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from alphadsl.report.visible import visible_text

if TYPE_CHECKING:
    from runner.records.folder import RunFolder
    from runner.records.summary import Comparable

TABLE_WIDTH = 140
FIGURES = "comparison"
NONE: Mapping[str, str] = MappingProxyType({})


def compare_runs(folders: "Sequence[RunFolder]", stem: Path, ended: Mapping[str, str] = NONE) -> None:
    """The table, and figures that start with `stem`; `ended` has runs without a result and how they ended."""
    from runner.records.figure import write_figures
    from runner.records.summary import Comparable, read_groups

    comparable = read_groups(folders) if folders or not ended else Comparable((), ())
    print_table(comparable, ended)
    if not comparable.groups:
        raise typer.Exit(1)
    png, page = write_figures(comparable.groups, stem)
    typer.echo(f"{png} {page}")


def print_table(comparable: "Comparable", ended: Mapping[str, str] = NONE) -> None:
    """The runs that can be compared and how others ended, after a line for each that cannot be."""
    from runner.records.summary import describe_setting, make_rows, make_table

    console = Console()
    if not console.is_terminal:
        console = Console(width=TABLE_WIDTH)
    for skipped in comparable.skipped:
        reason = skipped.reason
        told = f"skipped {skipped.folder.path}: {reason.message} {reason.help}"
        typer.echo(visible_text(told.rstrip()), err=True)
    rows = make_rows(comparable.groups, ended)
    if rows:
        console.print(make_table(describe_setting(comparable.groups), rows, console.width))
