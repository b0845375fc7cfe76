"""What a study is: losses, axes, a search method, seeds and the settings of its runs, frozen. It is stored with the
study as JSON, so that every worker on every machine works on the same study, and no command mixes two.

A point is one configuration: a loss, values of its parameters, and settings. The points of a grid or a random search
are known from the start; those of TPE are chosen as it runs.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

import alphadsl
from alphadsl.report.exceptions import InputError
from runner.settings.config import NO_SETTING, ExperimentConfig
from runner.settings.resolving import changed, followed
from runner.studies.space import MOST_POINTS, Axis, Listed, Span, Value, check_points, shown
from runner.studies.spread import spread_point

Search = Literal["grid", "random", "tpe"]
Prune = Literal["none", "halving", "hyperband"]

FORMAT = 2
LOSS = "loss"
"""The axis of the losses, if there are several."""
ANOTHER = "Give --name for another study."


@dataclass(frozen=True)
class Point:
    """One configuration."""

    loss: str
    values: Mapping[str, float] = field(default_factory=dict)
    """Values of the loss's parameters."""
    settings: Mapping[str, Value] = field(default_factory=dict)
    """Settings of the run."""

    def __str__(self) -> str:
        given = {**self.values, **self.settings}
        return " ".join([self.loss, *(f"{name}={shown(value)}" for name, value in given.items())])


class Ladder(BaseModel):
    """The rungs at which trials that fall behind end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prune: Prune = "none"
    first: Annotated[int, Field(ge=1)] = 1
    """Epochs of the first rung."""
    factor: Annotated[int, Field(ge=2)] = 3
    """One in `factor` trials continues, and the next rung has `factor` times as many epochs."""

    def rungs(self, epochs: int) -> tuple[int, ...]:
        """The epochs of the rungs below the last epoch."""
        if self.prune == "none":
            return ()
        heights = itertools.takewhile(
            lambda height: height < epochs, (self.first * self.factor**rung for rung in itertools.count())
        )
        return tuple(heights)


class Plan(BaseModel):
    """Everything that defines a study."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = 2
    version: str = alphadsl.__version__
    losses: Mapping[str, str]
    """The self-contained text of each loss, by its name."""
    values: Mapping[str, Mapping[str, float]]
    """The values that `--set` gives, by loss."""
    axes: tuple[Axis, ...]
    search: Search
    trials: Annotated[int, Field(ge=1, le=MOST_POINTS)]
    seeds: Annotated[int, Field(ge=1)]
    ladder: Ladder = Ladder()
    config: ExperimentConfig
    spent: Mapping[str, tuple[int, ...]] = {}
    """Seeds used by a search before this one, by loss; they cannot confirm anything."""
    follows: tuple[str, ...] = ()
    """Settings that were not given, and follow those of a trial as they follow those of a single run."""

    @property
    def own_seeds(self) -> range:
        return range(self.config.seed, self.config.seed + self.seeds)

    @cached_property
    def shares(self) -> Counter[str]:
        """How many trials each loss gets."""
        return Counter(self.point(fixed).loss for fixed in self.fixed_points)

    def axes_of(self, loss: str) -> tuple[Listed | Span, ...]:
        """The axes that apply to a loss; `LOSS.NAME` takes precedence over `NAME`."""
        mine = [axis for axis in self.axes if not axis.losses or loss in axis.losses]
        names = {axis.name for axis in mine}
        return tuple(axis for axis in mine if f"{loss}.{axis.name}" not in names)

    def point(self, parameters: Mapping[str, Value]) -> Point:
        """A configuration from values by axis, including `loss` if there are several."""
        loss = str(parameters.get(LOSS, next(iter(self.losses))))
        given = [(axis, parameters[axis.name]) for axis in self.axes_of(loss) if axis.name in parameters]
        values = {axis.name.removeprefix(f"{loss}."): float(value) for axis, value in given if axis.losses}
        return Point(loss, values, {axis.name: value for axis, value in given if not axis.losses})

    def config_of(self, point: Point, seed: int = 0) -> ExperimentConfig:
        """The settings of the runs of a configuration; `seed` counts from the study's first seed."""
        given = self.config.model_dump() | followed(self.config, point.settings, self.follows)
        return ExperimentConfig.model_validate(given | {"seed": self.config.seed + seed})

    def epochs_of(self, point: Point) -> int:
        return int(point.settings.get("epochs", self.config.epochs))

    @cached_property
    def fixed_points(self) -> list[dict[str, Value]]:
        """The values of each trial by axis, without those that the search chooses itself."""
        match self.search:
            case "grid":
                return list(self._grid())
            case "random":
                return [self._draw(trial) for trial in range(self.trials)]
            case "tpe":
                return [self._deal(trial) for trial in range(self.trials)]

    def _grid(self) -> Iterator[dict[str, Value]]:
        for loss in self.losses:
            axes = self.axes_of(loss)
            chosen: dict[str, Value] = {LOSS: loss} if len(self.losses) > 1 else {}
            for values in itertools.product(*(axis.values for axis in axes if isinstance(axis, Listed))):
                yield chosen | dict(zip((axis.name for axis in axes), values, strict=True))

    def _deal(self, trial: int) -> dict[str, Value]:
        """The losses in turn, so that each has the same number of trials to find its best values."""
        losses = list(self.losses)
        return {LOSS: losses[trial % len(losses)]} if len(losses) > 1 else {}

    def _draw(self, trial: int) -> dict[str, Value]:
        """Points spread evenly, and the same for every loss, so that none is luckier. They do not depend on who takes
        up a trial, and when."""
        chosen = self._deal(trial)
        loss = self.point(chosen).loss
        names = {axis.name: axis.name.removeprefix(f"{loss}.") for axis in self.axes_of(loss)}
        known = list(dict.fromkeys(axis.name.rpartition(".")[2] for axis in self.axes))
        point = dict(zip(known, spread_point(self.config.seed, len(known), trial // len(self.losses)), strict=True))
        return chosen | {axis.name: axis.at_part(point[names[axis.name]]) for axis in self.axes_of(loss)}


def count_grid(losses: Mapping[str, str], axes: tuple[Listed | Span, ...]) -> int:
    """The number of points of a grid. Raises `InputError` for an axis without points, and for too many points."""
    check_points(axes)
    empty = Plan.model_construct(losses=losses, axes=axes)
    total = sum(
        int(np.prod([len(axis.values) for axis in empty.axes_of(loss) if isinstance(axis, Listed)], dtype=float))
        for loss in losses
    )
    if total > MOST_POINTS:
        raise InputError(
            f"The grid has {total:,} points; a study has at most {MOST_POINTS:,}.", "Give --search random --trials N."
        )
    return total


def check_plan(plan: Plan) -> None:
    """Raises `InputError` for a value of an axis that a run may not have."""
    for axis in plan.axes:
        if axis.losses:
            continue
        ends = axis.values if isinstance(axis, Listed) else (axis.at(0), axis.at(1))
        for value in ends:
            changed(plan.config, **followed(plan.config, {axis.name: value}, plan.follows))
    changed(plan.config, seed=plan.config.seed + plan.seeds)


def differences(old: Plan, new: Plan) -> Iterator[str]:
    """What makes `new` another study than `old`, such as `seeds 3, now 4`."""
    for name in Plan.model_fields:
        before, now = getattr(old, name), getattr(new, name)
        match name:
            case "config":
                for setting in ExperimentConfig.model_fields:
                    was, it_is = getattr(before, setting), getattr(now, setting)
                    if was != it_is and setting not in NO_SETTING - {"seed"}:
                        yield f"{setting} {was}, now {it_is}"
            case "losses" if before != now:
                yield _changed_specs(before, now)
            case "axes" if before != now:
                yield f"--over {_shown_axes(before)}, now {_shown_axes(now)}"
            case "ladder" if before != now:
                yield f"--prune {_rungs(before)}, now {_rungs(now)}"
            case "values" if before != now:
                yield f"--set {dict(before)}, now {dict(now)}"
            case "spent" if before != now:
                yield "candidates of a search with other seeds"
            case "follows" if before != now:
                yield f"settings that follow others: {', '.join(before) or 'none'}, now {', '.join(now) or 'none'}"
            case _ if before != now:
                yield f"{name} {before}, now {now}"


def _changed_specs(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    if [*before] != [*now]:
        return f"the losses {', '.join(before)}, now {', '.join(now)}"
    return f"the spec of {', '.join(name for name in now if before[name] != now[name])} has been edited"


def _shown_axes(axes: tuple[Listed | Span, ...]) -> str:
    return " ".join(f"{axis.name}={axis}" for axis in axes) or "nothing"


def _rungs(ladder: Ladder) -> str:
    return ladder.prune if ladder.prune == "none" else f"{ladder.prune} from {ladder.first} by {ladder.factor}"
