"""The commands `train`, `probe` and `compare`: flags come in; run folders, tables and figures come out.

Torch and the runner are imported inside the commands, so that the rest of the command line starts without them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alphadsl.api import Execution, build, find_text
from alphadsl.cli import complete
from alphadsl.cli.comparison import FIGURES, compare_runs, print_table
from alphadsl.cli.console import complain
from alphadsl.cli.options import Losses, Setting
from alphadsl.cli.stopping import command_to_go_on, stoppable
from alphadsl.report.exceptions import InputError

if TYPE_CHECKING:
    pass

CONFIG_OPTIONS = (
    "epochs",
    "seed",
    "encoder",
    "width",
    "projector_dim",
    "batch",
    "optimizer",
    "lr",
    "weight_decay",
    "warmup_epochs",
    "precision",
    "device",
    "threads",
    "compile",
    "image_size",
    "probe_epochs",
    "data_dir",
)

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN...", help="Run folders, or names below --runs-dir.", autocompletion=complete.runs),
]
Dataset = Annotated[
    str,
    typer.Option(help="digits, cifar10, cifar100, stl10 or folder.", autocompletion=complete.choices_of("dataset")),
]
Encoder = Annotated[
    str | None,
    typer.Option(help="resnet8, resnet18 or resnet50.", autocompletion=complete.choices_of("encoder")),
]
RunsDir = Annotated[Path, typer.Option(help="Where run folders are.")]
DataDir = Annotated[Path | None, typer.Option(help="Where the data set lies; by default data/.")]


def parse_settings(settings: list[str]) -> dict[str, float]:
    """The values of `--set NAME=VALUE`. Raises `InputError` for anything else, and for a name given twice."""
    values: dict[str, float] = {}
    for setting in settings:
        name, equals, number = (part.strip() for part in setting.partition("="))
        if not (name and equals):
            raise InputError(f"--set {setting} is not of the form NAME=VALUE.", "Write --set tau=0.2")
        if name in values:
            raise InputError(f"--set gives {name} twice.", "Keep one of the two.")
        try:
            values[name] = float(number)
        except ValueError:
            raise InputError(f"--set {setting}: {number!r} is not a number.", f"Write --set {name}=0.2") from None
    return values


def train(
    spec: Losses,
    dataset: Dataset = "digits",
    set_: Setting = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of pretraining.")] = None,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="How many seeds to train, one after another.")] = 1,
    encoder: Encoder = None,
    width: Annotated[int | None, typer.Option(help="Channels of the first stage; 64 is the usual ResNet.")] = None,
    projector_dim: Annotated[int | None, typer.Option(help="Width of the embeddings.")] = None,
    batch: Annotated[int | None, typer.Option(help="Images in a batch, each in two views.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adamw or sgd.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate after the warm-up.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Weight decay.")] = None,
    warmup_epochs: Annotated[float | None, typer.Option(help="Epochs of linear warm-up.")] = None,
    precision: Annotated[str | None, typer.Option(help="bf16 (autocast) or 32.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    threads: Annotated[int | None, typer.Option(help="At most so many CPU threads.")] = None,
    compile: Annotated[bool | None, typer.Option("--compile", help="Compile the encoder.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Pixels a side, for --dataset folder.")] = None,
    probe_epochs: Annotated[int | None, typer.Option(help="Epochs of the linear probe.")] = None,
    data_dir: DataDir = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch the data set if it is missing.")] = False,
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[str | None, typer.Option(help="Name of the run; of several, how they begin.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue runs that were stopped.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Lose runs of the same name and train them again.")
    ] = False,
    probe: Annotated[bool, typer.Option(help="Probe each run after training.")] = True,
) -> None:
    """Pretrain an encoder with each loss and each seed, probe it, and compare.

    Example: alphadsl train infonce direct --dataset cifar10 --data-dir data --set tau=0.2 --seeds 3
    """
    given = locals()
    values = parse_settings(set_ or [])
    order = TrainOrder(tuple(spec), values, dataset, seeds, runs_dir, name, download, probe, resume, overwrite)
    _train(order, {option: given[option] for option in CONFIG_OPTIONS})


def probe(
    run: Runs = None,
    runs_dir: RunsDir = Path("runs"),
    data_dir: DataDir = None,
) -> None:
    """Probe the last checkpoint of runs: linear probe and nearest neighbours, beside the untrained encoder.

    Example: alphadsl probe digits-infonce-seed0
    """
    from runner.experiment import probe_run
    from runner.records.places import find_runs
    from runner.records.summary import read_groups

    folders = find_runs(run or [], runs_dir)
    refused = False
    with stoppable("Repeat the command for the runs that were not reached."):
        for folder in folders:
            try:
                probe_run(folder, data_dir)
            except InputError as refusal:
                complain(refusal)
                refused = True
    print_table(read_groups(folders))
    if refused:
        raise typer.Exit(1)


def compare(
    run: Runs = None,
    runs_dir: RunsDir = Path("runs"),
    out: Annotated[Path | None, typer.Option(help="Where the figures go, without ending.")] = None,
) -> None:
    """Compare probed runs, all below --runs-dir unless named, in a table, a PNG and a self-contained HTML page.

    Example: alphadsl compare runs/cifar10-*
    """
    from runner.records.figure import check_replaceable
    from runner.records.places import find_runs

    if out is None:
        check_replaceable(runs_dir / FIGURES)
    elif not out.name or out.name == "..":
        raise InputError(f"--out {str(out)!r} names no file.", "Write --out figures/mine")
    compare_runs(find_runs(run or [], runs_dir), out or runs_dir / FIGURES)


@dataclass(frozen=True)
class TrainOrder:
    """What `train` was told besides the configuration."""

    specs: tuple[str, ...]
    values: dict[str, float]
    dataset: str
    seeds: int
    runs_dir: Path
    name: str | None
    download: bool
    probe: bool
    resume: bool
    overwrite: bool


def _train(order: TrainOrder, overrides: Mapping[str, object]) -> None:
    from runner.settings.config import make_config

    first = make_config(order.dataset, **overrides)
    make_config(order.dataset, **{**overrides, "seed": first.seed + order.seeds - 1})
    configs = [first.model_copy(update={"seed": first.seed + offset}) for offset in range(order.seeds)]

    from runner.experiment import Options, plan_runs, train_runs
    from runner.records.figure import check_replaceable
    from runner.records.opening import IfExists

    if_exists = _if_exists(order.resume, order.overwrite)
    losses = [build(find_text(spec), Execution(), order.values, "command line") for spec in order.specs]
    tag = "".join(f"-{parameter}{value:g}" for parameter, value in order.values.items())
    plan = plan_runs(losses, configs, order.runs_dir, order.name, tag)
    if order.probe:
        check_replaceable(order.runs_dir / FIGURES)
    options = Options(IfExists(if_exists), order.download, order.probe, restore_threads=overrides["threads"] is None)
    with stoppable(f"To go on from the last full epoch: {command_to_go_on()}"):
        outcome = train_runs(plan, options)
    ended = {failure.run.path.name: failure.what for failure in outcome.failures}
    for failure in outcome.failures:
        complain(failure.reason)
    if outcome.probed:
        compare_runs(outcome.folders, order.runs_dir / FIGURES, ended)
    elif outcome.folders:
        typer.echo(" ".join(str(folder.path) for folder in outcome.folders))
    if outcome.failures:
        raise typer.Exit(1)


def _if_exists(resume: bool, overwrite: bool) -> str:
    match resume, overwrite:
        case True, True:
            raise InputError("--resume and --overwrite exclude each other.", "Give one of the two.")
        case True, False:
            return "resume"
        case False, True:
            return "overwrite"
        case _:
            return "refuse"
