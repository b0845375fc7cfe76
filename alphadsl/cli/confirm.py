"""The command `confirm`: specs, studies and flags come in; runs with fresh seeds and a report with statistics come out.

Torch and the runner are imported inside the functions, so that the rest of the command line starts without them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alphadsl.api import build
from alphadsl.backend.execution import Execution
from alphadsl.cli import complete
from alphadsl.cli.comparison import print_tables
from alphadsl.cli.console import complain
from alphadsl.cli.options import Proposals, Setting, folder_of
from alphadsl.cli.proposed import proposed_by
from alphadsl.cli.settings import ConfigFile, with_settings
from alphadsl.cli.stopping import stoppable
from alphadsl.cli.values import parse_settings, share_values, tag_of
from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from alphadsl.report.visible import visible_text
from runner.settings.config import DATASETS, ExperimentConfig
from runner.settings.resolving import Given, resolve_config

if TYPE_CHECKING:
    from runner.studies.confirm import Contender


@with_settings
def confirm(
    spec: Proposals,
    against: Annotated[str, typer.Option(help="The baseline.", autocompletion=complete.losses)] = "infonce",
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Number of fresh seeds.")] = 8,
    dataset: Annotated[
        list[str] | None, typer.Option(metavar="NAME...", help="One or several: cifar10 cifar100, or with a comma.")
    ] = None,
    set_: Setting = None,
    config: ConfigFile = None,
    download: Annotated[bool, typer.Option("--download", help="Download a data set if it is missing.")] = False,
    runs_dir: Annotated[str, typer.Option(help="Folder of the runs.", autocompletion=complete.folders)] = (
        "runs/confirm"
    ),
    studies_dir: Annotated[
        str, typer.Option(help="Folder of the studies.", autocompletion=complete.folders)
    ] = "studies",
    **settings: object,
) -> None:
    """Confirm losses against a baseline: fresh seeds, equal budgets, the test set read once, paired statistics.

    The same command continues after a stop. Several at once, on machines that share the folder, share the runs.

    Example: alphadsl confirm direct mine.alpha --against infonce --seeds 8 --dataset cifar10 cifar100
    """
    require("alphadsl confirm", "train")
    from runner.comparison.report import check_all_replaceable
    from runner.progress import tell
    from runner.statistics.words import describe_shortfall
    from runner.studies.confirm import FIRST_SEED, plan_confirmation, scores_of
    from runner.studies.confirm import confirm as train_all
    from runner.studies.verdict import judge, verdict_paths, write_verdict
    from runner.supplies import Stock

    root = folder_of("--runs-dir", runs_dir)
    words, names = split_datasets(spec, dataset or [])
    first = Given({"seed": FIRST_SEED})
    layers = [*_from_file(config), Given(settings)]
    budgets = [resolve_config(first, *layers, Given({"dataset": name} if name else {})) for name in names]
    fresh = range(budgets[0].seed, budgets[0].seed + seeds)
    contenders = make_contenders(words, against, set_ or [], Path(studies_dir), budgets[0])
    plans = [plan_confirmation(contenders, budget, fresh, root) for budget in budgets]
    check_all_replaceable(verdict_paths(root))
    if shortfall := describe_shortfall(seeds, (len(contenders) - 1) * len(plans)):
        tell(shortfall)
    with stoppable("The same command continues."):
        confirmed = train_all(plans, Stock.with_download(download))
    verdict = judge(confirmed, contenders[0].loss.name, scores_of(contenders), root)
    print_tables(verdict.sections)
    for sentence in verdict.sentences():
        typer.echo(visible_text(sentence))
    typer.echo(" ".join(map(str, write_verdict(verdict, root, fresh))))
    for failure in confirmed.failures:
        complain(failure.reason_to_repeat)
    if confirmed.failures:
        raise typer.Exit(1)


def split_datasets(words: Sequence[str], given: Sequence[str]) -> tuple[list[str], list[str | None]]:
    """Separate specs from data sets: after `--dataset cifar10 cifar100` the second name is among the specs."""
    named = [name for text in given for name in text.split(",") if name]
    more = [word for word in words if named and word in DATASETS]
    specs = [word for word in words if word not in more]
    return specs, [*dict.fromkeys([*named, *more])] or [None]


def make_contenders(
    words: Sequence[str], against: str, set_: Sequence[str], studies_dir: Path, config: ExperimentConfig
) -> "list[Contender]":
    """The baseline first, then every other loss. Raises `InputError` or `SpecError` for what cannot be tried."""
    from runner.studies.confirm import Contender

    losses = proposed_by(words, studies_dir)
    if against not in [loss.name for loss in losses]:
        losses += proposed_by([against], studies_dir)
        against = losses[-1].name
    if len(losses) == 1:
        raise InputError(f"There is nothing but {against} to confirm.", "Name another loss, or another --against.")
    execution = Execution(products=config.loss_products)
    contenders = []
    shares = share_values(parse_settings([*set_]), [loss.name for loss in losses])
    for loss, own in zip(losses, shares, strict=True):
        chosen = loss.candidate.values if loss.candidate else {}
        place = "command line" if own or not chosen else f"values of the candidate {loss.name}"
        built = build(loss.text, execution, {**chosen, **own}, place)
        contenders.append(Contender(built, tag_of(own), loss.candidate))
    return sorted(contenders, key=lambda contender: contender.loss.name != against)


def _from_file(path: Path | None) -> list[Given]:
    from alphadsl.cli.experiment import settings_from

    return settings_from(path)
