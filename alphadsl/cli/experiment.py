"""The commands `train`, `probe` and `compare`: flags come in; run folders, tables and figures come out.

Torch and the runner are imported inside the commands, so that the rest of the command line starts without them.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alphadsl.api import build, find_text
from alphadsl.backend.execution import Execution
from alphadsl.cli import complete
from alphadsl.cli.advice import next_step
from alphadsl.cli.comparison import FIGURES, compare_runs, print_tables, tell_skipped
from alphadsl.cli.console import complain
from alphadsl.cli.grid import combine_values
from alphadsl.cli.options import Losses, Setting, check_names_a_file, folder_of, stem_of
from alphadsl.cli.processes import in_one_voice
from alphadsl.cli.settings import ConfigFile, with_grids
from alphadsl.cli.stopping import command_to_go_on, stoppable
from alphadsl.cli.values import parse_lists, share_values
from alphadsl.extras import require
from alphadsl.pipeline import lower_spec
from alphadsl.report.exceptions import InputError
from alphadsl.report.visible import visible_text
from runner.settings.config import TestSet
from runner.settings.grid import check_size, combine_settings
from runner.settings.processes import leads
from runner.settings.resolving import Given, describe_config

if TYPE_CHECKING:
    from runner.experiment import Outcome
    from runner.plan import PlannedRun
    from runner.records.opening import IfExists

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN...", help="Run folders, or names below --runs-dir.", autocompletion=complete.runs),
]
RunsDir = Annotated[str, typer.Option(help="Folder of the runs.", autocompletion=complete.folders)]
DataDir = Annotated[
    str | None, typer.Option(help="Folder of the data set; by default data/.", autocompletion=complete.folders)
]


@in_one_voice
@with_grids
def train(
    spec: Losses,
    set_: Setting = None,
    config: ConfigFile = None,
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Number of seeds to train, one after another.")] = 1,
    download: Annotated[bool, typer.Option("--download", help="Download the data set if it is missing.")] = False,
    runs_dir: RunsDir = "runs",
    name: Annotated[
        str | None, typer.Option(help="Name of the run, or the prefix of the names of several runs.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue runs that were stopped.")] = False,
    resume_last_good: Annotated[
        bool, typer.Option("--resume-last-good", help="The same, from the last checkpoint that is not damaged.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Delete runs of the same name and train them again.")
    ] = False,
    stop_after: Annotated[
        int | None,
        typer.Option(min=1, metavar="EPOCH", help="Stop each run after this epoch for now; --resume continues it."),
    ] = None,
    probe: Annotated[bool, typer.Option(help="Probe each run after training.")] = True,
    **settings: object,
) -> None:
    """Pretrain an encoder with each loss and each seed, probe it, and compare. Several values of a setting or a
    parameter, as in --lr 0.01,0.003, are a grid.

    Example: alphadsl train infonce direct --dataset cifar10 --data-dir data --set tau=0.2 --seeds 3
    """
    require("alphadsl train", "train")
    root = folder_of("--runs-dir", runs_dir)
    lists = parse_lists(set_ or [])
    texts = [find_text(word) for word in spec]
    shares = share_values(lists, [lower_spec(text).loss.name for text in texts])
    check_size(shares, settings, seeds)
    file = settings_from(config)
    setups = combine_settings(file, settings, seeds)
    first = setups[0].config

    from runner.comparison.report import check_replaceable
    from runner.experiment import Options, train_runs
    from runner.plan import Variant, plan_grid
    from runner.progress import tell
    from runner.supplies import Stock
    from runner.training.together import joined

    if_exists = _if_exists(resume, resume_last_good, overwrite)
    execution = Execution(products=first.loss_products)
    variants = [
        Variant(build(text, execution, point.values, "command line"), point.tag)
        for text, own in zip(texts, shares, strict=True)
        for point in combine_values(own)
    ]
    plan = plan_grid(variants, setups, root, name)
    if probe:
        check_replaceable(root / FIGURES)
    tell(describe_config(*(setup.config for setup in setups if setup.config.seed == first.seed)))
    given = frozenset(name for layer in (*file, Given(settings)) for name, it in layer.values.items() if it is not None)
    with stoppable(f"To continue: {command_to_go_on()}"), joined(first.device):
        stock = Stock.with_download(download)
        options = Options(if_exists, probe, "threads" not in given, stop_after, _counted(plan), stock=stock)
        outcome = train_runs(plan, options)
    if leads():  # the run folders may be on its machine alone
        _finish(outcome, root)


def probe(
    run: Runs = None,
    runs_dir: RunsDir = "runs",
    data_dir: DataDir = None,
    test_set: Annotated[
        TestSet | None, typer.Option(help="Whether to read the test set; by default as in training.")
    ] = None,
    export_features: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="File for the features and labels of a single run.")
    ] = None,
) -> None:
    """Probe the last checkpoint of runs: linear probe and nearest neighbours, beside the untrained encoder.

    Example: alphadsl probe digits-infonce-seed0
    """
    require("alphadsl probe", "train")
    if export_features is not None:
        check_names_a_file("--export-features", export_features, "features.npz")
    from runner.comparison.sections import make_sections
    from runner.probing import probe_run
    from runner.records.finding import find_runs
    from runner.records.summary import read_groups

    folders = find_runs(run or [], folder_of("--runs-dir", runs_dir))
    data = None if data_dir is None else folder_of("--data-dir", data_dir)
    if export_features is not None and len(folders) != 1:
        raise InputError(f"--export-features is for one run, and there are {len(folders)}.", "Name a single run.")
    probed = []
    with stoppable("Repeat the command for the runs that were not reached."):
        for folder in folders:
            try:
                probe_run(folder, data, test_set, export_features)
                probed.append(folder)
            except InputError as refusal:
                complain(refusal)
    if probed:
        comparable = read_groups(probed)
        tell_skipped(comparable)
        print_tables(make_sections(comparable.groups))
    if len(probed) < len(folders):
        raise typer.Exit(1)


def compare(
    run: Runs = None,
    runs_dir: RunsDir = "runs",
    against: Annotated[
        str | None,
        typer.Option(
            help="Loss to compare the others with; by default infonce, or else the first.",
            autocompletion=complete.losses,
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Path of the figures, without extension.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Also write one row per run.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Also write a booktabs table.")] = False,
    embeddings: Annotated[bool, typer.Option(help="Show the features of test images at each checkpoint.")] = True,
) -> None:
    """Compare probed runs, all below --runs-dir unless named, by paired statistics over seeds; in a table, a PNG and a
    self-contained HTML page.

    Example: alphadsl compare runs/cifar10-* --against infonce --csv --latex
    """
    require("alphadsl compare", "train")
    from runner.comparison.report import Wanted, check_replaceable
    from runner.records.finding import find_runs

    root, wanted = folder_of("--runs-dir", runs_dir), Wanted(csv=csv, latex=latex, embeddings=embeddings)
    if out is None:
        check_replaceable(root / FIGURES, wanted)
    stem = root / FIGURES if out is None else stem_of("--out", out)
    compare_runs(find_runs(run or [], root), stem, wanted, against)


def settings_from(path: Path | None) -> list[Given]:
    """The settings in the file of `--config`, if it is given."""
    if path is None:
        return []
    from runner.settings.file import read_settings

    check_names_a_file("--config", path, "mine.toml")
    file = read_settings(path)
    if file.loss is not None:
        typer.echo(f"{path}: settings of a run of {file.loss}; losses and --set are those of this command.", err=True)
    return [file.given]


def _counted(plan: "Sequence[PlannedRun]") -> "Callable[[PlannedRun], object]":
    """A function that prints, before each of several runs, which one it is."""
    from runner.progress import tell

    places = {run.path: place for place, run in enumerate(plan, start=1)}

    def count(run: "PlannedRun") -> None:
        if len(plan) > 1:
            tell(f"run {places[run.path]} of {len(plan)}: {run.path.name}")

    return count


def _finish(outcome: "Outcome", runs_dir: Path) -> None:
    """Report failures, then the comparison, or the folders if nothing was probed, and what to do next. The only run
    needs no table to say that it failed."""
    ended = {failure.run.path.name: failure.what for failure in outcome.failures}
    for failure in outcome.failures:
        complain(failure.reason)
    if outcome.probed and (outcome.folders or len(outcome.failures) > 1):
        from runner.comparison.report import Wanted

        compare_runs(outcome.folders, runs_dir / FIGURES, Wanted(embeddings=False), ended=ended)
    elif outcome.folders:
        typer.echo(" ".join(str(folder.path) for folder in outcome.folders))
    if outcome.failures:
        raise typer.Exit(1)
    from runner.progress import tell

    tell(f"next: {visible_text(next_step(outcome))}")


def _if_exists(resume: bool, resume_last_good: bool, overwrite: bool) -> "IfExists":
    from runner.records.opening import IfExists

    match resume, resume_last_good, overwrite:
        case (True, _, True) | (_, True, True):
            raise InputError("--resume and --overwrite exclude each other.", "Give one of the two.")
        case _, True, _:
            return IfExists.RESUME_LAST_GOOD
        case True, _, _:
            return IfExists.RESUME
        case _, _, True:
            return IfExists.OVERWRITE
        case _:
            return IfExists.REFUSE
