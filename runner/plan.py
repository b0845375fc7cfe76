"""Which runs a command asks for: losses, settings and a folder come in; one run for each loss and seed comes out."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss, check_products, check_trainable
from runner.network.borrowed import OwnEncoder
from runner.records.folder import check_name
from runner.settings.config import ExperimentConfig
from runner.settings.grid import Setup
from runner.settings.keys import check_taken


@dataclass(frozen=True)
class PlannedRun:
    """One loss with one seed, and the folder it goes to."""

    loss: CompiledLoss
    config: ExperimentConfig
    path: Path
    encoder: OwnEncoder | None = None
    """A module to train in place of one built from its name."""


@dataclass(frozen=True)
class Variant:
    """A loss with its values, and what these add to the name of a run."""

    loss: CompiledLoss
    tag: str = ""


def plan_runs(
    losses: Sequence[CompiledLoss],
    configs: Sequence[ExperimentConfig],
    runs_dir: Path,
    name: str | None,
    tags: Mapping[str, str],
) -> list[PlannedRun]:
    """Every loss with every seed; `tags` are added to names, by loss. Raises `InputError` like `plan_grid`."""
    variants = [Variant(loss, tags.get(loss.name, "")) for loss in losses]
    return plan_grid(variants, [Setup(config) for config in configs], runs_dir, name)


def plan_grid(
    variants: Sequence[Variant], setups: Sequence[Setup], runs_dir: Path, name: str | None
) -> list[PlannedRun]:
    """Every variant of every loss with every setup, each with its own copy of learned parameters.

    Raises `InputError` if two losses have the same name, for a name that a folder cannot have, and for a loss that
    cannot be trained here.
    """
    for variant in variants:
        check_trainable(variant.loss)
    for setup in setups:
        check_taken(setup.config, ("queue" in variant.loss.takes for variant in variants))
    called = [(variant.loss.name, variant.tag) for variant in variants]
    for repeated, _ in (pair for index, pair in enumerate(called) if pair in called[:index]):
        raise InputError(f"Two of the specs define a loss called {repeated}.", "Give each its own name in its file.")
    only = len(variants) == 1 and len(setups) == 1
    if name is not None:
        check_name(name)
    plan = []
    for variant in variants:
        for setup in setups:
            folder = name if only and name else _run_name(variant, setup, name)
            check_name(folder)
            check_products(variant.loss, setup.config.loss_products)
            plan.append(PlannedRun(copy.deepcopy(variant.loss), setup.config, runs_dir / folder))
    return plan


def _run_name(variant: Variant, setup: Setup, name: str | None) -> str:
    tags, config = f"{variant.tag}{setup.tag}", setup.config
    return f"{name or config.dataset}-{variant.loss.name}{tags}-seed{config.seed}"
