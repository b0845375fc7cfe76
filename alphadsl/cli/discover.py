"""The command `discover`: losses to start from, a space and a budget come in; new spec files and a page come out.

Heavy imports are inside the command, so that the rest of the command line starts without them.
"""

from pathlib import Path
from typing import Annotated

import typer

from alphadsl.api import find_text
from alphadsl.cli.options import check_names_a_file, folder_of
from alphadsl.cli.searching import settings_of_runs
from alphadsl.cli.settings import ConfigFile, with_settings
from alphadsl.cli.stopping import command_as_typed, stoppable
from alphadsl.cli.studies import StudiesDir
from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from runner.settings.effective import check_together
from runner.settings.often import parse_often

SEARCHED = {"epochs": "--rungs 1,4", "seed": "--search-seed"}
"""Settings that the search chooses for its runs, and what to give instead."""


@with_settings
def discover(
    spec: Annotated[
        list[str] | None,
        typer.Argument(metavar="SPEC...", help="Losses to start from: names or files.", show_default=False),
    ] = None,
    from_: Annotated[
        list[str] | None, typer.Option("--from", metavar="SPEC", help="The same, for readability.")
    ] = None,
    budget: Annotated[str, typer.Option(help="Time for judging and training, over all starts: 30min, 3h.")] = "30min",
    space: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A TOML file that narrows what may be written.")
    ] = None,
    rungs: Annotated[str, typer.Option(metavar="EPOCHS,...", help="Epochs of the rungs after the toy.")] = "1,4",
    factor: Annotated[int, typer.Option(min=2, max=100, help="One in this many continues at each rung.")] = 4,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Seeds at every rung.")] = 2,
    search_seed: Annotated[int, typer.Option(min=0, max=10**6, help="Seed for the losses that are written.")] = 0,
    config: ConfigFile = None,
    name: Annotated[str | None, typer.Option(help="Name of the search.")] = None,
    studies_dir: StudiesDir = "studies",
    download: Annotated[bool, typer.Option("--download", help="Download the data set if it is missing.")] = False,
    **settings: object,
) -> None:
    """Search for losses: write new ones, let through those that are admitted and new, train, and promote the best.

    Example: alphadsl discover --from infonce direct square --dataset cifar10 --data-dir data --budget 3h
    """
    require("alphadsl discover", "train")
    parents = [*(from_ or []), *(spec or [])]
    if not parents:
        raise InputError("There is no loss to start from.", "Name some, as in --from infonce direct.")
    root = folder_of("--studies-dir", studies_dir)
    seconds, epochs = _seconds(budget), _epochs(rungs)
    here, given = settings_of_runs(config, settings)
    for option in (option for option in SEARCHED if option in given):
        raise InputError(f"The search chooses {option} for its runs itself.", f"Give {SEARCHED[option]}.")
    check_together(here.model_copy(update={"epochs": max(epochs)}))

    from alphadsl.discover.breed import check_space
    from alphadsl.discover.known import parents_from
    from alphadsl.discover.space import SearchSpace, read_space
    from runner.discovery.discover import discover as search
    from runner.discovery.plan import SearchPlan, SearchRoom, open_search
    from runner.discovery.rungs import check_rungs
    from runner.records.folder import check_name
    from runner.studies.marks import keep_command
    from runner.supplies import Stock

    check_rungs(epochs)
    if space is not None:
        check_names_a_file("--space", space, "narrow.toml")
    texts = parents_from([find_text(word) for word in parents])
    allowed = SearchSpace() if space is None else read_space(space)
    check_space(texts, allowed)
    plan = SearchPlan(
        parents=texts,
        space=allowed,
        epochs=epochs,
        seeds=seeds,
        seed=search_seed,
        factor=factor,
        config=here,
    )
    called = name or f"{here.dataset}-discover-{search_seed}"
    check_name(called, "search", "--studies-dir")
    room = SearchRoom(root / called)
    with stoppable(f"To continue: {command_as_typed()}"):
        opened = open_search(room, plan)
        keep_command(room.folder, command_as_typed())
        page = search(opened, room, seconds, Stock.with_download(download))
    typer.echo(f"{room.candidates} {room.listed} {page}")


def _seconds(budget: str) -> float:
    try:
        often = parse_often(budget)
    except ValueError as reason:
        raise InputError(f"--budget {budget}: {reason}.", "Write 30min or 3h.") from None
    if often.seconds is None or often.steps or often.epochs:
        raise InputError(f"--budget {budget} is not a time.", "Write 30min or 3h.")
    return often.seconds


def _epochs(rungs: str) -> tuple[int, ...]:
    try:
        epochs = tuple(int(word) for word in rungs.split(","))
    except ValueError:
        raise InputError(f"--rungs {rungs} is not a list of epochs.", "Write --rungs 1,4.") from None
    if min(epochs) < 1 or max(epochs) > 10**6:
        raise InputError(f"--rungs {rungs}: a rung has at least one epoch.", "Write --rungs 1,4.")
    return epochs
