"""The plan that `sweep` is asked for: specs and words come in; a study's plan comes out.

Refused before anything starts: an unknown name, a value that a loss or a run would refuse, and an option without
effect. Heavy imports are inside the functions.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from alphadsl.api import overrides_from
from alphadsl.cli.experiment import settings_from
from alphadsl.cli.proposed import Proposed
from alphadsl.cli.values import parse_settings, share_values
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.pipeline import lower_spec
from alphadsl.report.exceptions import InputError
from alphadsl.resolve.files import SpecText
from runner.settings.about import Group
from runner.settings.config import AUTO, NO_SETTING, ExperimentConfig
from runner.settings.resolving import Given, followers, resolve_config

if TYPE_CHECKING:
    from runner.studies.plan import Ladder, Plan
    from runner.studies.space import Listed, Span, Target

    AnyAxis = Listed | Span

DEFAULT_TRIALS = 30
NOT_SEARCHED = NO_SETTING | {"dataset"}
"""Settings of which a study has one value, as it has of those of the probe: scores on other data are not comparable,
and the other settings here do not change a score."""


class SearchName(StrEnum):
    """How the trials are chosen."""

    GRID = "grid"
    RANDOM = "random"
    TPE = "tpe"


class PruneName(StrEnum):
    """Whether trials that fall behind end early."""

    NONE = "none"
    HALVING = "halving"
    HYPERBAND = "hyperband"


@dataclass(frozen=True)
class Asked:
    """The words of a command."""

    losses: Sequence[Proposed]
    over: Sequence[str]
    set_: Sequence[str]
    search: SearchName | None
    trials: int | None
    seeds: int
    prune: PruneName
    first_rung: int
    factor: int
    given: frozenset[str]
    """The names of the settings that are given a value."""


def settings_of_runs(file: Path | None, options: Mapping[str, object]) -> tuple[ExperimentConfig, frozenset[str]]:
    """The settings of all runs of a search, with the test set sealed, and the names of the settings that are given.

    Each run has one thread unless more are requested, so that no score depends on how many workers share the cores.
    """
    layers = [*settings_from(file), Given(options)]
    given = frozenset(option for layer in layers for option, value in layer.values.items() if value is not None)
    config = resolve_config(*layers)
    if "test_set" in given and config.test_set == "read":
        raise InputError("A search never reads the test set.", "Leave out --test-set; confirm reads it.")
    threads = {"threads": 1} if config.threads == AUTO else {}
    return config.model_copy(update={"test_set": "sealed", **threads}), given


def make_plan(asked: Asked, config: ExperimentConfig) -> "Plan":
    """The study that is asked for. Raises `InputError` or `SpecError` for what cannot be tried."""
    from runner.studies.plan import Plan, check_plan
    from runner.studies.space import parse_over

    losses = [lower_spec(it.text).loss for it in asked.losses]
    names = [loss.name for loss in losses]
    for repeated in (loss for index, loss in enumerate(names) if loss in names[:index]):
        raise InputError(f"Two of the specs define a loss called {repeated}.", "Give each its own name in its file.")
    shares = dict(zip(names, share_values(parse_settings([*asked.set_]), names), strict=True))
    parameters = {loss.name: loss.parameters for loss in losses}
    targets = _targets(parameters)
    _check_searched(asked.over, targets)
    axes = tuple(parse_over(text, targets) for text in asked.over)
    _check_axes(axes, asked, shares, parameters)
    _check_settings(axes, asked.losses)
    candidates = {it.name: it.candidate for it in asked.losses if it.candidate}
    values = {name: dict(candidate.values) for name, candidate in candidates.items()}
    pretty = {loss.name: pretty_loss(loss) for loss in losses}
    search, trials = _count(asked, pretty, axes)
    plan = Plan(
        losses=pretty,
        values={name: values.get(name, {}) | share for name, share in shares.items()},
        axes=axes,
        search=search.value,
        trials=trials,
        seeds=asked.seeds,
        ladder=_ladder(asked),
        config=config,
        spent={name: candidate.seeds for name, candidate in candidates.items()},
        follows=followers(config, asked.given, {axis.name for axis in axes}),
    )
    check_plan(plan)
    for loss, it in zip(names, asked.losses, strict=True):
        _check_values(plan, loss, it.text)
    return plan


def _count(asked: Asked, losses: Mapping[str, str], axes: "tuple[AnyAxis, ...]") -> tuple[SearchName, int]:
    """How trials are chosen, and how many there are."""
    from runner.studies.plan import count_grid
    from runner.studies.space import Span

    search = asked.search or (SearchName.TPE if any(isinstance(axis, Span) for axis in axes) else SearchName.GRID)
    if search is not SearchName.GRID:
        return search, _equal_shares(asked.trials or DEFAULT_TRIALS, len(losses))
    if asked.trials is not None:
        raise InputError("--trials has no effect on a grid.", "Leave it out, or give --search random.")
    return search, count_grid(losses, axes)


def _equal_shares(trials: int, losses: int) -> int:
    """The total number of trials, rounded up so that every loss gets the same number."""
    return losses * math.ceil(trials / losses)


def _check_settings(axes: "tuple[AnyAxis, ...]", losses: Sequence[Proposed]) -> None:
    """Refuse a setting that was tuned for a candidate and that the study would override."""
    searched = {axis.name for axis in axes}
    for it in losses:
        for name, value in (it.candidate.settings if it.candidate else {}).items():
            if name not in searched:
                raise InputError(
                    f"{it.name} was tuned with {name} = {value}, but all trials here have the same {name}.",
                    f"Give --over {name}=..., so that every loss is tuned.",
                )


def _ladder(asked: Asked) -> "Ladder":
    from runner.studies.plan import Ladder

    if asked.prune is PruneName.NONE and (asked.first_rung, asked.factor) != (1, 3):
        raise InputError("--first-rung and --factor have no effect without --prune.", "Give --prune halving.")
    return Ladder(prune=asked.prune.value, first=asked.first_rung, factor=asked.factor)


def _check_searched(over: Sequence[str], targets: "Mapping[str, Target]") -> None:
    """Refuse a setting that cannot be searched, with a message about it."""
    for text in over:
        name = text.partition("=")[0].strip()
        if name in ExperimentConfig.model_fields and name not in targets:
            remedy = "Give --seeds N." if name == "seed" else f"Give --{name.replace('_', '-')}, in one study for each."
            raise InputError(f"--over {text}: all trials of a study have the same {name}, to be comparable.", remedy)


def _check_axes(
    axes: "tuple[AnyAxis, ...]",
    asked: Asked,
    shares: Mapping[str, Mapping[str, float]],
    parameters: Mapping[str, Sequence[Parameter]],
) -> None:
    names = [axis.name for axis in axes]
    declared = {parameter.name for owned in parameters.values() for parameter in owned}
    for at, axis in enumerate(axes):
        name = axis.name
        if name in names[:at]:
            raise InputError(f"--over gives {name} twice.", "Keep one of the two.")
        if not axis.losses and name in declared:
            owner = next(loss for loss, owned in parameters.items() if name in {it.name for it in owned})
            raise InputError(
                f"--over {name}: both a setting of the run and a parameter of {owner} have this name.",
                f"Write {owner}.{name} for the parameter, and give the setting with --config.",
            )
        if name in asked.given:
            raise InputError(f"{name} is both searched and given a value.", f"Leave out --over {name} or the value.")
        if any(name.removeprefix(f"{loss}.") in shares[loss] for loss in axis.losses):
            raise InputError(f"{name} is both in --over and in --set.", "Keep one of the two.")
        if name == "epochs" and asked.prune is not PruneName.NONE:
            raise InputError(f"--prune {asked.prune} divides the epochs, so they cannot be searched.", "Leave out one.")


def _check_values(plan: "Plan", loss: str, text: SpecText) -> None:
    """Put the ends of every axis into the spec, which refuses invalid values with its own message."""
    given = plan.values[loss]
    for end in (0, -1):
        values = {name: ends[end] for name, ends in _ends(plan, loss)}
        lower_spec(text, overrides_from({**given, **values}, "command line"))


def _ends(plan: "Plan", loss: str) -> Iterator[tuple[str, list[float]]]:
    from runner.studies.space import Listed

    for axis in plan.axes_of(loss):
        if axis.losses:
            values = axis.values if isinstance(axis, Listed) else (axis.low, axis.high)
            yield axis.name.removeprefix(f"{loss}."), sorted(map(float, values))


def _targets(losses: Mapping[str, Sequence[Parameter]]) -> "dict[str, Target]":
    """What `--over` may name: settings, parameters, and `LOSS.NAME` for the parameter of one loss."""
    from runner.settings.options import choices_of, ends_of, option_of, searched_kind
    from runner.studies.space import Target

    targets = {}
    shared: dict[str, list[tuple[str, Parameter]]] = {}
    for loss, parameters in losses.items():
        for parameter in parameters:
            shared.setdefault(parameter.name, []).append((loss, parameter))
    for name, owners in shared.items():
        targets[name] = _target(name, owners)
    for name in ExperimentConfig.model_fields:
        if name not in NOT_SEARCHED and option_of(name).about.group is not Group.PROBE:
            targets[name] = Target(name, (), searched_kind(name), *ends_of(name), choices_of(name))
    for name, owners in shared.items():
        targets |= {f"{owner}.{name}": _target(f"{owner}.{name}", [(owner, it)]) for owner, it in owners}
    return targets


def _target(name: str, owners: Sequence[tuple[str, Parameter]]) -> "Target":
    """A parameter, within the range that every loss with it declares."""
    from runner.studies.space import Target

    intervals = [parameter.interval for _, parameter in owners]
    low, high = max(it.low for it in intervals), min(it.high for it in intervals)
    low_open = any(it.low_open for it in intervals if it.low == low)
    high_open = any(it.high_open for it in intervals if it.high == high)
    return Target(name, tuple(loss for loss, _ in owners), float, low, high, low_open, high_open)
