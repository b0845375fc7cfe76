"""What a study searches: `NAME=VALUES` comes in; an axis of listed values or an interval comes out.

VALUES are `1,2,4`, an interval `0.05..1`, the same on a logarithmic scale `0.05..1:log`, or a number of points in it,
`0.05..1:log:5`. A name alone stands for its whole declared range, if that is bounded. Refused: an unknown name, an
unbounded interval, and a value that its loss or the run would refuse.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest

Value = bool | int | float | str
Scale = Literal["linear", "log"]

MOST_POINTS = 10_000
CLOSE_TO_OPEN_ENDS = 0.01
"""How close to the end of an open interval values are searched, as a fraction of its width: the end may be
undefined."""
TRUTHS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class Target:
    """What a name stands for: a parameter of some losses, or a setting of the run."""

    name: str
    losses: tuple[str, ...]
    """The losses that declare it; empty for a setting."""
    kind: type
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = True
    high_open: bool = True
    choices: tuple[str, ...] = ()
    """The words it may be, such as `auto`; beside numbers, or yes and no, if `kind` says so."""

    def __contains__(self, value: float) -> bool:
        above = value > self.low or (value == self.low and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))

    def __str__(self) -> str:
        return f"{'(' if self.low_open else '['}{self.low:g}, {self.high:g}{')' if self.high_open else ']'}"

    @property
    def whole(self) -> bool:
        return self.kind is int


class Listed(BaseModel):
    """Some values of a name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["listed"] = "listed"
    name: str
    losses: tuple[str, ...] = ()
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return ",".join(shown(value) for value in self.values)

    def at_part(self, part: float) -> Value:
        """The value at a fraction in [0, 1) of the list."""
        return self.values[int(part * len(self.values))]


class Span(BaseModel):
    """All values between two ends, whole numbers or real ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["span"] = "span"
    name: str
    losses: tuple[str, ...] = ()
    low: float
    high: float
    scale: Scale = "linear"
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}{':log' if self.scale == 'log' else ''}"

    def at_part(self, part: float) -> Value:
        """The value at a fraction in [0, 1) of the interval."""
        # Extended by a half on both sides for whole numbers, so that the ends are as likely as the others.
        return self.at(part, 0.5 if self.whole else 0.0)

    def at(self, part: float, margin: float = 0.0) -> Value:
        """The value at a fraction of the way from end to end."""
        low, high = self.low - margin, self.high + margin
        if self.scale == "log":
            value = math.exp(math.log(low) + part * (math.log(high) - math.log(low)))
        else:
            value = low + part * (high - low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value


Axis = Annotated[Listed | Span, Field(discriminator="kind")]


def parse_over(text: str, targets: Mapping[str, Target]) -> Listed | Span:
    """An axis from `NAME=VALUES`. Raises `InputError` for what cannot be searched."""
    name, equals, values = (part.strip() for part in text.partition("="))
    target = targets.get(name)
    if target is None:
        close = suggest(name, targets)
        remedy = f"Did you mean {close}?" if close else f"There are {', '.join(targets)}."
        what = f"{name} is neither a parameter of the losses nor a setting of the run" if name else "it names nothing"
        raise InputError(f"--over {text}: {what}.", remedy)
    if not equals:
        return _declared(target)
    axis = _interval(text, target, values) if ".." in values else _list(text, target, values)
    _check_declared(text, target, axis)
    return axis


def _declared(target: Target) -> Listed | Span:
    """All values that a name may have."""
    if target.kind is bool:
        return Listed(name=target.name, values=(True, False))
    if target.kind is str and target.choices:
        return Listed(name=target.name, values=target.choices)
    if not (math.isfinite(target.low) and math.isfinite(target.high)):
        raise InputError(
            f"--over {target.name}: its range {target} is not bounded.", f"Write --over {target.name}=LOW..HIGH"
        )
    inward = CLOSE_TO_OPEN_ENDS * (target.high - target.low)
    low, high = target.low + inward * target.low_open, target.high - inward * target.high_open
    if target.whole:
        low, high = target.low + target.low_open, target.high - target.high_open
    return Span(name=target.name, losses=target.losses, low=low, high=high, whole=target.whole)


def _list(text: str, target: Target, words: str) -> Listed:
    values = tuple(_value(text, target, word.strip()) for word in words.split(","))
    for repeated in (value for at, value in enumerate(values) if value in values[:at]):
        raise InputError(f"--over {text} gives {shown(repeated)} twice.", "Keep one of the two.")
    return Listed(name=target.name, losses=target.losses, values=values)


def _interval(text: str, target: Target, words: str) -> Listed | Span:
    if target.kind not in (int, float):
        listed = "yes,no" if target.kind is bool else ",".join(target.choices) or "A,B"
        raise InputError(f"--over {text}: {target.name} has no numbers.", f"Write --over {target.name}={listed}")
    ends, *others = words.split(":")
    low, high = (_number(text, target, end.strip(), "LOW..HIGH") for end in ends.split("..", 1))
    scale: Scale = "log" if "log" in others else "linear"
    counts = [word for at, word in enumerate(others) if word != "log" or "log" in others[:at]]
    if not low < high:
        raise InputError(f"--over {text}: {low:g} is not below {high:g}.", f"Write --over {target.name}=LOW..HIGH")
    if scale == "log" and low <= 0:
        raise InputError(f"--over {text}: a logarithmic scale begins above 0.", "Raise its low end, or leave out :log.")
    span = Span(name=target.name, losses=target.losses, low=low, high=high, scale=scale, whole=target.whole)
    match counts:
        case []:
            return span
        case [word] if word.isdecimal() and 2 <= int(word) <= MOST_POINTS:
            parts = np.linspace(0, 1, int(word)).tolist()
            values = tuple(dict.fromkeys(_short(span.at(part)) for part in parts))
            return Listed(name=target.name, losses=target.losses, values=values)
        case _:
            number = ":".join(counts)
            raise InputError(f"--over {text}: {number} is not a number of points from 2 on.", "Write LOW..HIGH:log:5")


def _short(value: Value) -> Value:
    """Round the points of a grid to six digits, since they are read as names."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _value(text: str, target: Target, word: str) -> Value:
    if not word:
        raise InputError(f"--over {text} has an empty value.", f"Write --over {target.name}=A,B")
    if word in target.choices:
        return word
    match target.kind:
        case kind if kind is bool:
            if word.lower() not in TRUTHS:
                raise InputError(f"--over {text}: {word} is neither yes nor no.", f"Write --over {target.name}=yes,no")
            return TRUTHS[word.lower()]
        case kind if kind in (int, float):
            return _number(text, target, word, "128,256" if target.whole else "0.1,0.2")
        case _:
            return word


def _number(text: str, target: Target, word: str, example: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"--over {text}: {word or 'nothing'} is not a number.", f"Write --over {target.name}={example}"
        )
    if not target.whole:
        return value
    if value != int(value):
        raise InputError(f"--over {text}: {target.name} takes whole numbers.", f"Write --over {target.name}={example}")
    return int(value)


def _check_declared(text: str, target: Target, axis: Listed | Span) -> None:
    """Raises `InputError` for a value that the loss or the run may not have."""
    if target.kind not in (int, float):
        return
    ends = axis.values if isinstance(axis, Listed) else (axis.low, axis.high)
    for value in ends:
        if not isinstance(value, str) and value not in target:
            raise InputError(f"--over {text}: {value:g} is not in {target}.", "Stay within the declared range.")


def check_points(axes: tuple[Listed | Span, ...]) -> None:
    """Raises `InputError` that names an axis without points, which cannot be part of a grid."""
    for span in (axis for axis in axes if isinstance(axis, Span)):
        raise InputError(
            f"--over {span.name}={span} has no points for a grid.",
            f"Write --over {span.name}={span}:5, or give --search random.",
        )


def shown(value: Value) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case _:
            return str(value)


def names_of(axes: tuple[Listed | Span, ...]) -> Iterator[str]:
    for axis in axes:
        yield axis.name
