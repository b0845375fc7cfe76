"""The command `doctor`: what is installed and what the machine has, one line each, with a remedy where it is wrong."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from alphadsl.cli import complete
from alphadsl.cli.options import folder_of
from alphadsl.extras import EXTRAS, missing_modules

if TYPE_CHECKING:
    from runner.settings.health import Finding

DataDir = Annotated[str, typer.Option(help="Folder of the data sets.", autocompletion=complete.folders)]
RunsDir = Annotated[str, typer.Option(help="Folder of the runs.", autocompletion=complete.folders)]


def doctor(runs_dir: RunsDir = "runs", data_dir: DataDir = "data") -> None:
    """Report what this machine has for training, what is wrong, and how to fix it. The exit code is 1 if anything is.

    Example: alphadsl doctor
    """
    from runner.settings.health import examine

    runs, data = folder_of("--runs-dir", runs_dir), folder_of("--data-dir", data_dir)
    remedies = 0
    for finding in (*_extras(), *examine(runs, data)):
        typer.echo(f"{'!!' if finding.remedy else 'ok'}  {finding.what}: {finding.fact}")
        if finding.remedy:
            typer.echo(f"    {finding.remedy}")
        remedies += bool(finding.remedy)
    if remedies:
        raise typer.Exit(1)


def _extras() -> "Iterator[Finding]":
    """The extras; one that is not installed is no problem, except the trainer's."""
    from runner.settings.health import Finding

    for extra in EXTRAS:
        missing = missing_modules(extra)
        install = f"pip install 'alphadsl[{extra}]'"
        if missing and extra == "train":
            yield Finding(f"extra {extra}", f"without {', '.join(missing)}, so nothing can be trained", install)
        else:
            yield Finding(f"extra {extra}", f"not installed; {install}" if missing else "installed")
