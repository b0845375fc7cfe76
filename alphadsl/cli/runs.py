"""The command `runs`: names come in; a table of runs, or one run in detail, comes out, or runs are removed.

Torch and the runner are imported inside the functions, so that the rest of the command line starts without them.
"""

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from alphadsl.cli import complete
from alphadsl.cli.comparison import TABLE_WIDTH
from alphadsl.cli.console import complain
from alphadsl.cli.options import folder_of
from alphadsl.cli.run_rows import STALE, as_dict, make_table, tell
from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest
from alphadsl.report.visible import visible_text
from runner.records.status import Status

if TYPE_CHECKING:
    from runner.records.folder import RunFolder

STATES = (*Status, STALE)

RunsDir = Annotated[str, typer.Option(help="Folder of the runs.", autocompletion=complete.folders)]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run folder, or a name below --runs-dir.", autocompletion=complete.runs)
]
RunNames = Annotated[
    list[str],
    typer.Argument(metavar="RUN...", help="Run folders, or names below --runs-dir.", autocompletion=complete.runs),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]

app = typer.Typer(
    help="List runs and their states; show one, or remove some.",
    epilog="Example: alphadsl runs --state stopped",
    invoke_without_command=True,
)


@app.callback()
def list_runs(
    context: typer.Context,
    runs_dir: RunsDir = "runs",
    name: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Only runs with such a name, as 'cifar10-*'.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Only runs on this data set.")] = None,
    loss: Annotated[str | None, typer.Option(help="Only runs of this loss.", autocompletion=complete.losses)] = None,
    state: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(STATES)}.", autocompletion=complete.any_of(*STATES))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List runs and their states.

    Example: alphadsl runs --state stopped
    """
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    if state is not None and state not in STATES:
        close = suggest(state, STATES)
        remedy = f"Did you mean {close}?" if close else f"The states are {', '.join(STATES)}."
        raise InputError(f"A run cannot be {state!r}.", remedy)
    require("alphadsl runs", "train")
    from runner.overview import look_at_run
    from runner.records.finding import find_runs

    root = folder_of("--runs-dir", runs_dir)
    rows = [look_at_run(run) for run in find_runs([], root)]
    wanted = [
        row
        for row in rows
        if (name is None or fnmatchcase(row.name, name))
        and (dataset is None or (row.record is not None and row.record.config.dataset == dataset))
        and (loss is None or (row.record is not None and row.record.loss == loss))
        and (state is None or state == row.status or (state == STALE and row.stale))
    ]
    if as_json:
        typer.echo(json.dumps([as_dict(row) for row in wanted], indent=2))
    elif wanted:
        _console().print(make_table(wanted))
    else:
        message = f"None of the {len(rows)} runs in {root} matches." if rows else f"There are no runs in {root}."
        typer.echo(visible_text(message), err=True)


@app.command()
def show(run: RunName, runs_dir: RunsDir = "runs", as_json: AsJson = False) -> None:
    """Show a run: its state, loss, settings, environment and checkpoints, and the command that continues it.

    Example: alphadsl runs show digits-infonce-seed0
    """
    require("alphadsl runs", "train")
    from runner.overview import look_closely
    from runner.records.finding import find_runs

    (folder,) = find_runs([run], folder_of("--runs-dir", runs_dir))
    row = look_closely(folder)
    if as_json:
        typer.echo(json.dumps(as_dict(row), indent=2))
        return
    for title, text in tell(row):
        typer.echo(f"{title:12} {visible_text(text)}".rstrip())


@app.command()
def remove(
    run: RunNames,
    runs_dir: RunsDir = "runs",
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Remove runs: what the runner wrote, and nothing else. Your own files stay, and are named.

    Example: alphadsl runs remove digits-infonce-seed0
    """
    require("alphadsl runs", "train")
    from runner.records.finding import find_runs
    from runner.records.removal import check_removable
    from runner.records.removal import remove as remove_run

    runs = find_runs(run, folder_of("--runs-dir", runs_dir))
    folders: list[RunFolder] = [*{folder.path.resolve(): folder for folder in runs}.values()]
    for folder in folders:
        check_removable(folder)
    if not yes:
        for folder in folders:
            typer.echo(visible_text(str(folder.path)), err=True)
        what = "this run" if len(folders) == 1 else f"these {len(folders)} runs"
        typer.confirm(f"Remove {what}?", abort=True, err=True)
    refused = False
    for folder in folders:
        try:
            left = remove_run(folder)
        except InputError as refusal:
            complain(refusal)
            refused = True
            continue
        typer.echo(visible_text(f"removed {folder.path}"))
        for path in left:
            typer.echo(visible_text(f"{path} was not written by the runner, and stays."), err=True)
    if refused:
        raise typer.Exit(1)


def _refuse_options(context: typer.Context) -> None:
    """Refuse options before `show` or `remove`, where they would have no effect."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            flag = "--json" if name == "as_json" else f"--{name.replace('_', '-')}"
            raise InputError(
                f"{flag} before {context.invoked_subcommand} has no effect.",
                f"Write it after {context.invoked_subcommand}, if it is an option there.",
            )


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=TABLE_WIDTH)
