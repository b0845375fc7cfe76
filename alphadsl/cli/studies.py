"""The command `studies`: names come in; a list of studies, or one study as a table and a page, comes out."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from alphadsl.cli import complete
from alphadsl.cli.comparison import TABLE_WIDTH
from alphadsl.cli.console import complain
from alphadsl.cli.options import folder_of
from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from alphadsl.report.visible import visible_text
from runner.studies.marks import SEARCH, find_marked

if TYPE_CHECKING:
    from runner.discovery.overview import Overview
    from runner.studies.study import Study, StudyRoom

StudiesDir = Annotated[str, typer.Option(help="Folder of the studies.", autocompletion=complete.folders)]
Storage = Annotated[
    str | None, typer.Option(metavar="URL", help="A database for several machines, as postgresql://USER@HOST/DB.")
]
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study.", autocompletion=complete.studies)]

NUMBERS = ("trials", "written", "passed", "score")

app = typer.Typer(
    help="List studies and searches, or show one: a table of its trials, and a page.",
    epilog="Example: alphadsl studies show digits-infonce",
    invoke_without_command=True,
)


@app.callback()
def list_studies(context: typer.Context, studies_dir: StudiesDir = "studies", storage: Storage = None) -> None:
    """List studies of sweep and searches of discover: their progress, the best of each, and how to continue.

    Example: alphadsl studies
    """
    if context.invoked_subcommand is not None:
        return
    require("alphadsl studies", "train")
    from runner.studies.study import find_studies

    root = folder_of("--studies-dir", studies_dir)
    refusals: list[InputError] = []
    rows = [*_answers(_row, find_studies(root, storage), refusals)]
    searches = [*_answers(_look, [] if storage else find_marked(root, SEARCH), refusals)]
    if rows:
        _console().print(_table("study trials losses over best score", rows))
    if searches:
        _console().print(_table("search state written passed best score", map(_search_row, searches)))
    for search in searches:
        if search.following:
            typer.echo(visible_text(f"{search.name} continues with: {search.following}"))
    for refusal in refusals:
        complain(refusal)
    if refusals:
        raise typer.Exit(1)
    if not (rows or searches):
        typer.echo(f"There are no studies in {storage or studies_dir}.", err=True)


@app.command()
def show(name: StudyName, studies_dir: StudiesDir = "studies", storage: Storage = None) -> None:
    """Show the trials of a study in a table, or what a search has found, and write its page.

    Example: alphadsl studies show digits-infonce
    """
    require("alphadsl studies", "train")
    root = folder_of("--studies-dir", studies_dir)
    if storage is None and (root / name / SEARCH).is_file():
        from runner.discovery.report import summary, write_report

        search = _look(root / name)
        for line in summary(search.log, search.rung, [*search.plan.parents]):
            typer.echo(visible_text(line))
        typer.echo(str(write_report(search.room, search.plan, search.log, search.rung)))
        return
    from runner.studies.study import read_study, room_of

    finish(read_study(room_of(name, root, storage)))


def finish(study: "Study") -> None:
    """Print the table of the best and write the page; exit with 1 if all trials have failed."""
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


Subject = TypeVar("Subject")
Answer = TypeVar("Answer")


def _answers(
    ask: Callable[[Subject], Answer], subjects: Iterable[Subject], refusals: list[InputError]
) -> Iterator[Answer]:
    """The answer about each subject; an error at one does not hide the others."""
    for subject in subjects:
        try:
            yield ask(subject)
        except InputError as refusal:
            refusals.append(refusal)


def _look(folder: Path) -> "Overview":
    from runner.discovery.overview import look_at_search
    from runner.discovery.plan import SearchRoom

    return look_at_search(SearchRoom(folder))


def _search_row(search: "Overview") -> tuple[str, ...]:
    from runner.discovery.log import shown_rung

    best, log = search.best, search.log
    results = (
        (f"{best.name} at {shown_rung(search.rung)}", f"{100 * (best.score(search.rung) or 0):.1f}")
        if best
        else ("", "")
    )
    return (search.name, search.state, str(log.bred), str(log.passed), *results)


def _row(room: "StudyRoom") -> tuple[str, ...]:
    from runner.studies.study import read_study
    from runner.studies.table import best_first, percent_of

    study = read_study(room)
    entries = study.entries()
    over = " ".join(f"{axis.name}={axis}" for axis in study.plan.axes)
    best = next(iter(best_first(entries)), None)
    done = f"{sum(entry.over for entry in entries)}/{len(entries)}"
    results = (str(best.point), percent_of(best)) if best else ("", "")
    return (room.name, done, " ".join(study.plan.losses), over, *results)


def _table(names: str, rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table()
    for name in names.split():
        table.add_column(name, justify="right" if name in NUMBERS else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=TABLE_WIDTH)
