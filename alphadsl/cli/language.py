"""The commands `check`, `show`, `list`, `explain` and `new`: all about specs, none of them imports torch to answer."""

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from alphadsl.api import find_text, overrides_from
from alphadsl.check.library import SUFFIX, library_names
from alphadsl.cli.console import complain
from alphadsl.cli.experiment import parse_settings
from alphadsl.cli.page import render_page
from alphadsl.cli.template import Family, write_template
from alphadsl.ir.nodes import Coordinate, Direct, General, MinPlayer, Proportional
from alphadsl.ir.pretty import pretty_interval, pretty_number
from alphadsl.library import Entry, library_entries
from alphadsl.pipeline import STAGES, check_spec, lower_spec
from alphadsl.report.catalogue import CATALOGUE
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.faults import InputError
from alphadsl.report.render import render_concise, render_full, render_json, styled
from alphadsl.report.suggest import suggest


class OutputFormat(StrEnum):
    full = "full"
    concise = "concise"
    json = "json"


STAGE_NAMES = tuple(stage.name for stage in STAGES)
STAGE_HELP = "; ".join(f"{stage.name}: {stage.why}" for stage in STAGES)
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the loss.")]


def check(
    specs: Annotated[list[str], typer.Argument(metavar="FILE...", help="Spec files, or built-in names.")],
    output_format: Annotated[OutputFormat, typer.Option(help="How diagnostics are written.")] = OutputFormat.full,
) -> None:
    """Say whether specs are right, and what is wrong where they are not.

    Example: alphadsl check mine.alpha --output-format concise
    """
    refused, found = False, list[Diagnostic]()
    for spec in specs:
        try:
            checked = check_spec(find_text(spec))
        except InputError as absent:
            complain(absent)
            refused = True
            continue
        found += checked.diagnostics
        refused |= bool(checked.errors)
        if output_format != OutputFormat.json and not checked.errors:
            typer.echo(f"{spec}: {', '.join(loss.name for loss in checked.losses)} ok")
    _tell(dict.fromkeys(found), output_format)
    if refused:
        raise typer.Exit(1)


def show(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A built-in name or a file.")],
    emit: Annotated[str, typer.Option(metavar="STAGE", help=STAGE_HELP)] = STAGES[0].name,
    set_: Settings = None,
) -> None:
    """Show a loss at a stage of its way from text to torch.

    Example: alphadsl show infonce --emit alpha
    """
    if emit not in STAGE_NAMES:
        raise InputError(f"there is no stage called {emit}", f"stages: {', '.join(STAGE_NAMES)}")
    overrides = overrides_from(parse_settings(set_ or []), "command line")
    typer.echo(lower_spec(find_text(spec), overrides).emit(emit), nl=False)


def list_losses(
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON array instead of a table.")] = False,
) -> None:
    """List the built-in losses by family, with their parameters and papers.

    Example: alphadsl list --json
    """
    entries = library_entries()
    if as_json:
        typer.echo(json.dumps([_as_dict(entry) for entry in entries], indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("loss", "parameters", "source"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "source")
    for family, members in groupby(sorted(entries, key=_family), key=_family):
        table.add_section()
        table.add_row(f"[bold]{family}[/bold]", "", "")
        for entry in members:
            parameters = ", ".join(f"{each.name}={pretty_number(each.value)}" for each in entry.loss.parameters)
            table.add_row(f"  {entry.loss.name}", parameters, entry.summary)
    Console(highlight=False).print(table)


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code in brackets behind error or warning.")],
) -> None:
    """Explain a diagnostic: what it is, why it is refused, a wrong spec and a right one.

    Example: alphadsl explain decreasing-psi
    """
    bracketed = re.fullmatch(r"(?:error|warning)?\[(.*)\]", code)
    code = bracketed[1] if bracketed else code
    if code not in CATALOGUE:
        raise InputError(f"there is no diagnostic called {code}", _other_page(code))
    typer.echo(render_page(CATALOGUE[code]), nl=False)


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the loss; the file becomes NAME.alpha.")],
    family: Annotated[Family, typer.Option(help="How the loss builds alpha.")] = Family.coordinate,
    extends: Annotated[str | None, typer.Option(metavar="SPEC", help="Start from a loss, and change it.")] = None,
) -> None:
    """Write a new spec to start from.

    Example: alphadsl new mine --family direct
    """
    path = write_template(name, family, extends, Path())
    typer.echo(f"{path}")
    typer.echo(f"next: alphadsl check {path}   and   alphadsl train infonce {path} --dataset digits", err=True)


def _tell(found: Iterable[Diagnostic], output_format: OutputFormat) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    match output_format:
        case OutputFormat.json:
            typer.echo(render_json(found))
        case OutputFormat.concise:
            for diagnostic in found:
                console.print(styled(render_concise(diagnostic)))
        case _:
            for diagnostic in found:
                console.print(styled(render_full(diagnostic)), end="\n\n")


def _other_page(code: str) -> str:
    if code in library_names() or code.endswith(SUFFIX):
        return f"to see how a loss weighs its pairs: alphadsl show {code} --emit alpha"
    close = suggest(code, CATALOGUE)
    return f"did you mean {close}?" if close else f"codes: {', '.join(sorted(CATALOGUE))}"


def _family(entry: Entry) -> str:
    match entry.loss.family:
        case Coordinate():
            return "phi and psi"
        case Direct() | Proportional():
            return "alpha stated"
        case MinPlayer():
            return "alpha solved"
        case General():
            return "loss stated"


def _as_dict(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.loss.name,
        "family": entry.loss.family.kind,
        "pairs": entry.loss.pairs.value,
        "parameters": [
            {
                "name": each.name,
                "value": each.value,
                "interval": pretty_interval(each.interval),
                "doc": each.doc,
            }
            for each in entry.loss.parameters
        ],
        "source": entry.summary,
    }
