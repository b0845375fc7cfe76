"""Which runs a command asks for: losses, settings and a place come in; one run for each loss and seed comes out."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss, check_products, check_trainable
from runner.network.borrowed import OwnEncoder
from runner.records.folder import check_name
from runner.settings.config import ExperimentConfig
from runner.settings.keys import check_taken


@dataclass(frozen=True)
class PlannedRun:
    """One loss with one seed, and where it goes."""

    loss: CompiledLoss
    config: ExperimentConfig
    path: Path
    encoder: OwnEncoder | None = None
    """A module that takes the place of one that is made from its name."""


def plan_runs(
    losses: Sequence[CompiledLoss],
    configs: Sequence[ExperimentConfig],
    runs_dir: Path,
    name: str | None,
    tags: Mapping[str, str],
) -> list[PlannedRun]:
    """Every loss with every seed, each with learned parameters of its own; `tags` adds to names, by loss.

    Raises `InputError` where two losses have one name, for a name that is no folder's, and for a loss that cannot be
    trained here.
    """
    names = [loss.name for loss in losses]
    for loss in losses:
        check_trainable(loss)
    for config in configs[:1]:
        check_taken(config, ("queue" in loss.takes for loss in losses))
    for repeated in (loss for index, loss in enumerate(names) if loss in names[:index]):
        raise InputError(f"Two of the specs define a loss called {repeated}.", "Give each its own name in its file.")
    only = len(losses) == 1 and len(configs) == 1
    if name is not None:
        check_name(name)
    plan = []
    for loss in losses:
        for config in configs:
            folder = name if only and name else _run_name(loss, config, name, tags.get(loss.name, ""))
            check_name(folder)
            check_products(loss, config.loss_products)
            plan.append(PlannedRun(copy.deepcopy(loss), config, runs_dir / folder))
    return plan


def _run_name(loss: CompiledLoss, config: ExperimentConfig, name: str | None, tag: str) -> str:
    return f"{name or config.dataset}-{loss.name}{tag}-seed{config.seed}"
