"""The command `sweep`: specs, axes and settings come in; a study of many runs, a table and a page come out.

Heavy imports are inside the command, so that the rest of the command line starts without them.
"""

from typing import Annotated

import typer

from alphadsl.cli.options import Proposals, Setting, folder_of
from alphadsl.cli.proposed import proposed_by
from alphadsl.cli.searching import Asked, PruneName, SearchName, make_plan, settings_of_runs
from alphadsl.cli.settings import ConfigFile, with_settings
from alphadsl.cli.stopping import command_as_typed, stoppable
from alphadsl.cli.studies import Storage, StudiesDir, finish
from alphadsl.extras import require


@with_settings
def sweep(
    spec: Proposals,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME=VALUES",
            help="What to search: tau=0.1,0.2 or tau=0.05..1:log or, for a grid, tau=0.05..1:log:5.",
        ),
    ] = None,
    set_: Setting = None,
    config: ConfigFile = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Seeds of each configuration.")] = 3,
    search: Annotated[
        SearchName | None,
        typer.Option(help="How trials are chosen; by default grid for lists, otherwise tpe.", show_default=False),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000, help="Configurations to try, if not a grid; by default 30.", show_default=False
        ),
    ] = None,
    prune: Annotated[PruneName, typer.Option(help="Whether trials that fall behind end early.")] = PruneName.NONE,
    first_rung: Annotated[int, typer.Option(min=1, max=10**6, help="Epochs after which the first trials end.")] = 1,
    factor: Annotated[int, typer.Option(min=2, max=100, help="One in this many continues at each rung.")] = 3,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Worker processes, with --threads each.")] = 1,
    name: Annotated[str | None, typer.Option(help="Name of the study.")] = None,
    studies_dir: StudiesDir = "studies",
    storage: Storage = None,
    ray: Annotated[
        str | None, typer.Option(metavar="auto|ADDRESS", help="Run the workers on the nodes of a Ray cluster.")
    ] = None,
    download: Annotated[bool, typer.Option("--download", help="Download the data set if it is missing.")] = False,
    **settings: object,
) -> None:
    """Try many configurations of losses and runs, every one with every seed, and rank them.

    Example: alphadsl sweep infonce --over tau=0.05..1:log:5 --over lr=0.003,0.01 --seeds 3 --workers 2
    """
    require("alphadsl sweep", "train")
    root = folder_of("--studies-dir", studies_dir)
    here, given = settings_of_runs(config, settings)
    losses = proposed_by(spec, root)
    asked = Asked(losses, over or [], set_ or [], search, trials, seeds, prune, first_rung, factor, given)
    plan = make_plan(asked, here)

    from runner.progress import tell
    from runner.records.folder import check_name
    from runner.studies.marks import keep_command
    from runner.studies.page import check_page_replaceable
    from runner.studies.study import open_study, room_of
    from runner.studies.table import Watch, counted_seeds, progress_of
    from runner.studies.work import WORKERS
    from runner.studies.workers import Assignment, run_workers

    searches = "-".join(dict.fromkeys(loss.search for loss in losses if loss.search))
    called = name or (f"{searches}-tuned" if searches else f"{here.dataset}-{'-'.join(plan.losses)}")
    check_name(called, "study", "--studies-dir")
    room = room_of(called, root, storage)
    with stoppable(f"To continue: {command_as_typed()}"):
        study = open_study(room, plan)
        keep_command(room.folder, command_as_typed())
        check_page_replaceable(room)
        tell(f"Study {called}: {progress_of(study.entries(), workers)}, {counted_seeds(seeds)} each.")
        tell(f"Epochs are logged in {room.folder / WORKERS}.")
        if "lr" in plan.follows:
            tell(f"lr goes with the batch of each trial, per 256 images as recipe {here.recipe} has it; --lr holds it.")
        if trials not in (None, plan.trials):
            tell(f"--trials {trials} becomes {plan.trials}: the same number for each of {len(plan.losses)} losses.")
        if len({*plan.shares.values()}) > 1:
            counts = ", ".join(f"{loss} {count}" for loss, count in plan.shares.items())
            tell(f"The trials of the grid are {counts}; --search random or tpe gives each loss the same number.")
        assignment = Assignment(room, here, download)
        with Watch(study, workers) as watch:
            if ray is None:
                run_workers(study, assignment, workers, watch)
            else:
                from runner.studies.cluster import run_on_cluster

                run_on_cluster(assignment, ray, workers, watch)
    finish(study)
