"""Runs side by side: run folders come in; tables and sentences on standard output, and figures, come out.

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
    from runner.comparison.report import Wanted
    from runner.comparison.sections import Section
    from runner.records.folder import RunFolder
    from runner.records.summary import Comparable

TABLE_WIDTH = 140
FIGURES = "comparison"
NONE: Mapping[str, str] = MappingProxyType({})


def compare_runs(
    folders: "Sequence[RunFolder]",
    stem: Path,
    wanted: "Wanted",
    against: str | None = None,
    ended: Mapping[str, str] = NONE,
) -> None:
    """Print the tables and what they say, and write files that start with `stem`; `ended` tells how runs without a
    result ended.

    Raises `InputError` if nothing is called `against`.
    """
    from runner.comparison.contrasts import contrast_sections
    from runner.comparison.report import write_comparison
    from runner.comparison.sections import make_sections
    from runner.records.summary import Comparable, read_groups

    comparable = read_groups(folders) if folders or not ended else Comparable((), ())
    sections = make_sections(comparable.groups)
    contrasts = contrast_sections(sections, against)
    tell_skipped(comparable)
    print_tables(sections, ended)
    if not sections:
        raise typer.Exit(1)
    for sentence in (*(said for made in contrasts.made for said in made.sentences()), *contrasts.missing):
        typer.echo(visible_text(sentence))
    typer.echo(" ".join(map(str, write_comparison(sections, contrasts, stem, wanted))))


def tell_skipped(comparable: "Comparable") -> None:
    """Print a line for each run that cannot be compared."""
    for skipped in comparable.skipped:
        reason = skipped.reason
        line = f"skipped {skipped.folder.path}: {reason.message} {reason.help}"
        typer.echo(visible_text(line.rstrip()), err=True)


def print_tables(sections: "Sequence[Section]", ended: Mapping[str, str] = NONE) -> None:
    """Print a table for each section, and how other runs ended."""
    from runner.comparison.console import make_table
    from runner.evaluation.protocol import protocol_differences
    from runner.records.summary import make_rows

    console = Console()
    if not console.is_terminal:
        console = Console(width=TABLE_WIDTH)
    if len(sections) > 1:
        typer.echo(f"{len(sections)} tables: what was measured differently is not compared.")
        probes = [run.probe for section in sections for group in section.groups for run in group.runs]
        for name, values in protocol_differences(probes).items():
            typer.echo(f"the probes differ in {name}: {' / '.join(values)}")
    for section in sections:
        if len(sections) > 1:
            typer.echo(section.description())
        console.print(make_table(section.title, make_rows(section.groups, {}), console.width))
    if ended:
        console.print(make_table("Runs without a result", make_rows((), ended), console.width))
