"""The commands `check`, `show` and `new`: all are about specs, and none imports torch to answer."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from alphadsl.api import find_text, overrides_from
from alphadsl.cli import complete
from alphadsl.cli.console import complain, complain_about_spec, errors
from alphadsl.cli.options import Files, Loss, Setting
from alphadsl.cli.template import Family, write_template
from alphadsl.cli.values import parse_settings
from alphadsl.pipeline import VIEWS, check_spec, lower_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.exceptions import InputError
from alphadsl.report.render import render_concise, render_json, styled


class OutputFormat(StrEnum):
    full = "full"
    concise = "concise"
    json = "json"


STAGE_HELP = "; ".join(f"{view.name}: {view.why}" for view in VIEWS.values())
Stage = Annotated[str, typer.Option(metavar="STAGE", help=STAGE_HELP, autocompletion=complete.stages)]
Parent = Annotated[
    str | None,
    typer.Option(metavar="SPEC", help="Start from a loss, and change it.", autocompletion=complete.losses),
]


def check(
    specs: Files,
    output_format: Annotated[OutputFormat, typer.Option(help="How diagnostics are written.")] = OutputFormat.full,
) -> None:
    """Check specs, and report what is wrong with those that are refused.

    Example: alphadsl check mine.alpha --output-format concise
    """
    refused, diagnostics = False, list[Diagnostic]()
    for spec in specs:
        try:
            checked = check_spec(find_text(spec))
        except InputError as absent:
            complain(absent)
            refused = True
            continue
        diagnostics += checked.diagnostics
        refused |= bool(checked.errors)
        if output_format != OutputFormat.json and not checked.errors:
            typer.echo(f"{spec}: {', '.join(loss.name for loss in checked.losses)} ok")
    _tell(dict.fromkeys(diagnostics), output_format)
    if refused:
        raise typer.Exit(1)


def show(
    spec: Loss,
    emit: Stage = next(iter(VIEWS)),
    set_: Setting = None,
) -> None:
    """Show a loss at a stage of compilation, from text to torch.

    Example: alphadsl show infonce --emit alpha
    """
    if emit not in VIEWS:
        raise InputError(f"there is no stage called {emit}", f"stages: {', '.join(VIEWS)}")
    overrides = overrides_from(parse_settings(set_ or []), "command line")
    typer.echo(VIEWS[emit].text(lower_spec(find_text(spec), overrides)), nl=False)


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the loss; the file becomes NAME.alpha.")],
    family: Annotated[Family, typer.Option(help="How the loss builds alpha.")] = Family.coordinate,
    extends: Parent = None,
) -> None:
    """Write a new spec to start from.

    Example: alphadsl new mine --family direct
    """
    path = write_template(name, family, extends, Path())
    typer.echo(f"{path}")
    typer.echo(f"next: alphadsl check {path}   and   alphadsl train infonce {path} --dataset digits", err=True)


def _tell(diagnostics: Iterable[Diagnostic], output_format: OutputFormat) -> None:
    match output_format:
        case OutputFormat.json:
            typer.echo(render_json(diagnostics))
        case OutputFormat.concise:
            for diagnostic in diagnostics:
                errors().print(styled(render_concise(diagnostic)))
        case _:
            complain_about_spec(diagnostics)
