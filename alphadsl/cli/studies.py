"""The command `studies`: names come in; a list of studies, or one as a table and a page, comes out."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from alphadsl.cli import complete
from alphadsl.cli.comparison import TABLE_WIDTH
from alphadsl.cli.console import complain
from alphadsl.cli.options import folder_of
from alphadsl.extras import require
from alphadsl.report.exceptions import InputError

if TYPE_CHECKING:
    from runner.studies.study import Study, StudyRoom

StudiesDir = Annotated[str, typer.Option(help="Where studies are.", autocompletion=complete.folders)]
Storage = Annotated[
    str | None, typer.Option(metavar="URL", help="A database for several machines, as postgresql://USER@HOST/DB.")
]
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study.", autocompletion=complete.studies)]

app = typer.Typer(
    help="List studies, or show one: a table of its trials, and a page.",
    epilog="Example: alphadsl studies show digits-infonce",
    invoke_without_command=True,
)


@app.callback()
def list_studies(context: typer.Context, studies_dir: StudiesDir = "studies", storage: Storage = None) -> None:
    """List studies: how far they are, and the best of each.

    Example: alphadsl studies
    """
    if context.invoked_subcommand is not None:
        return
    require("alphadsl studies", "train")
    from runner.studies.study import find_studies

    rooms = [*find_studies(folder_of("--studies-dir", studies_dir), storage)]
    table, refused = Table(), False
    for name in ("study", "trials", "losses", "over", "best", "score"):
        table.add_column(name, justify="right" if name in ("trials", "score") else "left")
    for room in rooms:
        try:
            table.add_row(*_row(room))
        except InputError as refusal:
            complain(refusal)
            refused = True
    if table.row_count:
        _console().print(table)
    elif not refused:
        typer.echo(f"There are no studies in {storage or studies_dir}.", err=True)
    if refused:
        raise typer.Exit(1)


@app.command()
def show(name: StudyName, studies_dir: StudiesDir = "studies", storage: Storage = None) -> None:
    """Show the trials of a study in a table, and write its page.

    Example: alphadsl studies show digits-infonce
    """
    require("alphadsl studies", "train")
    from runner.studies.study import read_study, room_of

    finish(read_study(room_of(name, folder_of("--studies-dir", studies_dir), storage)))


def finish(study: "Study") -> None:
    """The table of the best, and the page; exit code 1 where no trial of a finished study has a score."""
    from runner.studies.page import write_page
    from runner.studies.study import Standing
    from runner.studies.table import BEST, best_first, make_table

    entries = study.entries()
    failed = [entry for entry in entries if entry.standing is Standing.FAILED]
    best = best_first(entries)[:BEST]
    if best or failed:
        _console().print(make_table(study.plan, [*best, *failed[:BEST]], title=study.room.name))
    typer.echo(str(write_page(study)))
    if entries and len(failed) == len(entries):
        raise typer.Exit(1)


def _row(room: "StudyRoom") -> tuple[str, ...]:
    from runner.studies.study import read_study
    from runner.studies.table import best_first, percent_of

    study = read_study(room)
    entries = study.entries()
    over = " ".join(f"{axis.name}={axis}" for axis in study.plan.axes)
    best = next(iter(best_first(entries)), None)
    done = f"{sum(entry.over for entry in entries)}/{len(entries)}"
    told = (str(best.point), percent_of(best)) if best else ("", "")
    return (room.name, done, " ".join(study.plan.losses), over, *told)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=TABLE_WIDTH)
