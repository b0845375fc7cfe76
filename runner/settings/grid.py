"""Settings with several values: settings come in; every combination of them comes out, with the part of the run's name
that distinguishes it from the others.

Refused: a value given twice, and more runs than anybody would start with one command.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from alphadsl.report.exceptions import InputError
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import Given, changed, resolve_config

MOST_RUNS = 1000
UNSAFE = re.compile(r"[^\w.+-]+")
"""Characters that not every file system allows in the name of a folder, as in timm:NAME."""


@dataclass(frozen=True)
class Setup:
    """The settings of a run, and what they add to its name."""

    config: ExperimentConfig
    tag: str = ""


def varied(settings: Mapping[str, object]) -> dict[str, tuple[object, ...]]:
    """The settings that have several values."""
    return {name: value for name, value in settings.items() if isinstance(value, tuple) and len(value) > 1}


def check_size(losses: Sequence[Mapping[str, Sequence[float]]], settings: Mapping[str, object], seeds: int) -> None:
    """Raises `InputError` if the combinations of losses, their values, settings and seeds are too many runs."""
    axes = varied(settings)
    points = sum(prod(map(len, lists.values())) for lists in losses)
    total = points * prod(map(len, axes.values())) * seeds
    if total > MOST_RUNS and (axes or points > len(losses)):
        raise InputError(
            f"The grid has {total:,} runs, and one command trains at most {MOST_RUNS:,}.",
            "Leave out values, or let alphadsl sweep --search random draw some of them.",
        )


def combine_settings(layers: Sequence[Given], settings: Mapping[str, object], seeds: int) -> list[Setup]:
    """Every combination of settings, over the layers below, with each seed. Raises `InputError` as `resolve_config`."""
    axes = varied(settings)
    single = {name: value[0] if isinstance(value, tuple) else value for name, value in settings.items()}
    configs = [
        resolve_config(*layers, Given({**single, **dict(zip(axes, values, strict=True))}))
        for values in product(*axes.values())
    ]
    words = {name: _words(name, configs, len(values)) for name, values in axes.items()}
    return [
        Setup(seeded, "".join(f"-{name}{shown[getattr(config, name)]}" for name, shown in words.items()))
        for config in configs
        for seeded in with_seeds(config, seeds)
    ]


def with_seeds(first: ExperimentConfig, seeds: int) -> list[ExperimentConfig]:
    """A configuration for each seed. Raises `InputError` if the last seed is out of range."""
    changed(first, seed=first.seed + seeds - 1)
    return [first.model_copy(update={"seed": first.seed + offset}) for offset in range(seeds)]


def told_apart(numbers: Sequence[float]) -> list[str]:
    """Numbers written as short as possible while they still differ."""
    short = [f"{number:g}" for number in numbers]
    return short if len(set(short)) == len(short) else [repr(number) for number in numbers]


def _words(name: str, configs: Sequence[ExperimentConfig], count: int) -> dict[object, str]:
    """How each value of a setting is written in a name. Values are compared as parsed: 0.90 is 0.9 again."""
    values = list(dict.fromkeys(getattr(config, name) for config in configs))
    if len(values) < count:
        raise InputError(f"--{name.replace('_', '-')} gives one of its values twice.", "Keep one of the two.")
    numbers = [value for value in values if not isinstance(value, str)]
    shown: dict[object, str] = dict(zip(numbers, told_apart(numbers), strict=True))
    return {
        value: shown.get(value) or (value if value.isdecimal() else f"-{UNSAFE.sub('-', value)}") for value in values
    }
