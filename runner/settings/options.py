"""How a setting is typed on a command line: a field of the configuration comes in; its name, kind, choices, range and
default come out. No torch is imported.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from runner.settings.about import About, Group, about_of
from runner.settings.config import MOST, NO_SETTING, ExperimentConfig
from runner.settings.defaults import DEFAULTS

ONE_FOR_ALL = (NO_SETTING - {"recipe"}) | {"loss_products"}
"""Settings that all runs of one command share, like those of the data: a command reads one set of images, and compares
runs that are measured and saved alike."""

Kind = type[bool] | type[int] | type[float] | type[str] | type[Path]


@dataclass(frozen=True)
class Option:
    """One setting, as it is typed on a command line."""

    name: str
    about: About
    kind: Kind
    """The type that its value is parsed as; a value that may be a word or a number is parsed as a word."""
    choices: tuple[str, ...]
    """The words it may be, if it takes one of a few."""
    span: str
    """The range of numbers it may be, in words; empty if there is none worth saying."""
    default: str
    """Its value where it is not given, and the data sets for which that differs."""

    @property
    def may_vary(self) -> bool:
        """Whether it may differ between the runs of one command."""
        return self.kind is not bool and self.about.group is not Group.DATA and self.name not in ONE_FOR_ALL

    def several(self, listed: str) -> str:
        """Which commands take several values, separated by commas."""
        train = f"give alphadsl train {self.flag} {listed}"
        searched = self.about.group is not Group.PROBE and self.name not in NO_SETTING
        return f"{train}, or sweep --over {self.name}={listed}" if searched else f"{train}."

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def help(self) -> str:
        """What it is, the range of numbers it may be, and its default."""
        notes = "; ".join(filter(None, (self.span, self.default and f"by default {self.default}")))
        return f"{self.about.help} ({notes})" if notes else self.about.help

    @property
    def shape(self) -> str | None:
        """The placeholder of its value, such as `adamw|sgd`."""
        number = ("N",) if self.choices and self.span else ()
        return "|".join((*self.choices, *number)) or None


def all_options() -> tuple[Option, ...]:
    """The settings of an experiment, in their order."""
    return tuple(option_of(name) for name in ExperimentConfig.model_fields)


def option_of(name: str) -> Option:
    field = ExperimentConfig.model_fields[name]
    kinds, choices, bounds = _kinds(field.annotation), choices_of(name), [*_bounds(field)]
    kind = str if len(kinds) > 1 or not kinds else kinds[0]
    if bool in kinds:
        kind, choices = bool, ()
    return Option(name, about_of(field), kind, choices, _span(bounds), _default(name))


def searched_kind(name: str) -> Kind:
    """The type of its values beside words such as `auto`."""
    kinds = _kinds(ExperimentConfig.model_fields[name].annotation)
    return next((kind for kind in kinds if kind in (bool, int, float)), option_of(name).kind)


def choices_of(name: str) -> tuple[str, ...]:
    """The words that a setting may be, if it takes one of a few."""
    return tuple(_choices(ExperimentConfig.model_fields[name].annotation))


def _members(annotation: Any) -> Iterator[Any]:
    """The types that a value may have, without the types that wrap them."""
    match get_origin(annotation):
        case origin if origin is Union or origin is UnionType:
            for member in get_args(annotation):
                yield from _members(member)
        case origin if origin is Annotated:
            yield from _members(get_args(annotation)[0])
        case _:
            yield annotation


def _kinds(annotation: Any) -> list[Kind]:
    kinds = [str if get_origin(member) is Literal else member for member in _members(annotation)]
    return [kind for kind in kinds if kind is not type(None)]


def _choices(annotation: Any) -> Iterator[str]:
    for member in _members(annotation):
        if get_origin(member) is Literal:
            yield from get_args(member)


def _bounds(field: FieldInfo) -> Iterator[object]:
    yield from field.metadata
    for member in get_args(field.annotation):
        for part in get_args(member)[1:]:
            yield from part.metadata if isinstance(part, FieldInfo) else ()


def _span(bounds: list[object]) -> str:
    low = high = ""
    for bound in bounds:
        match bound:
            case Ge(ge=value):
                low = f"at least {value}"
            case Gt(gt=value):
                low = f"above {value}"
            case Le(le=value) if value != MOST:
                high = f"at most {value}"
            case Lt(lt=value):
                high = f"below {value}"
    return ", ".join(filter(None, (low, high)))


def ends_of(name: str) -> tuple[float, float, bool, bool]:
    """The lowest and the highest number that a setting may be, and whether each of them is excluded."""
    low, high, low_open, high_open = -math.inf, math.inf, True, True
    for bound in _bounds(ExperimentConfig.model_fields[name]):
        match bound:
            case Ge(ge=value) if isinstance(value, int | float):
                low, low_open = value, False
            case Gt(gt=value) if isinstance(value, int | float):
                low, low_open = value, True
            case Le(le=value) if value != MOST and isinstance(value, int | float):
                high, high_open = value, False
            case Lt(lt=value) if isinstance(value, int | float):
                high, high_open = value, True
    return low, high, low_open, high_open


def _default(name: str) -> str:
    usual = ExperimentConfig.model_fields[name].default
    others = [f"{dataset} {_word(own[name])}" for dataset, own in DEFAULTS.items() if own.get(name, usual) != usual]
    return ", ".join([*(() if usual is None else (_word(usual),)), *others])


def _word(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
