"""Axes of pictures: the values of an axis come in; positions from 0 to 1 and tick marks come out.

Numbers keep their distances, on a logarithmic scale if they span a decade. Words are spaced evenly, in their order. A
few numbers are marked themselves, many by round numbers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from runner.studies.space import Value, shown

WIDE = 10.0
"""Numbers whose largest is at least this many times the smallest are drawn on a logarithmic scale."""
MOST_MARKS = 6

Mark = tuple[float, str]
"""The position of a tick mark, and its label."""


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, or one of words."""

    words: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    stops: tuple[float, ...] = ()
    """The only numbers that occur, if they are few."""

    def position(self, value: Value) -> float:
        """The position of a value, 0 at the start and 1 at the end."""
        if self.words:
            return (self.words.index(shown(value)) + 0.5) / len(self.words)
        low, high, at = (math.log(number) if self.log else number for number in (self.low, self.high, float(value)))
        return 0.5 if high == low else (at - low) / (high - low)

    def marks(self) -> list[Mark]:
        """The tick marks, in their order; their labels may overlap."""
        if self.words:
            return [(self.position(word), word) for word in self.words]
        if self.low == self.high:
            return [(0.5, shown(self.low))]
        values = self.stops or (_decades if self.log else _round_numbers)(self.low, self.high)
        return [(self.position(value), f"{value:.4g}") for value in values]


def apart(marks: Sequence[Mark], size: Callable[[str], float]) -> Iterator[Mark]:
    """The marks that do not overlap the one before; `size` is the share of the axis that a label takes."""
    end = float("-inf")
    for position, label in marks:
        half = size(label) / 2
        if position - half >= end:
            end = position + half
            yield position, label


def scale_of(values: Sequence[Value]) -> Scale:
    """The axis that holds all values."""
    if any(isinstance(value, bool | str) for value in values):
        return Scale(tuple(dict.fromkeys(map(shown, values))))
    numbers = [float(value) for value in values]
    low, high = min(numbers), max(numbers)
    stops = tuple(sorted(set(numbers)))
    log = low > 0 and high / low >= WIDE
    return Scale((), low, high, log, stops if len(stops) <= MOST_MARKS else ())


def score_scale(scores: Sequence[float]) -> Scale:
    """An axis for accuracies in per cent, with room at both ends."""
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    room = max(0.005, 0.08 * (high - low))
    return Scale((), 100 * max(0.0, low - room), 100 * min(1.0, high + room))


def _round_numbers(low: float, high: float) -> list[float]:
    step = 10 ** math.floor(math.log10((high - low) / 2))
    while (high - low) / step > MOST_MARKS - 1:
        step *= 2 if str(step).lstrip("0.")[:1] == "1" else 2.5
    first = math.ceil(low / step - 1e-9)
    return [count * step for count in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    leads = (1, 2, 5) if high / low < 1000 else (1,)
    values = [lead * 10.0**power for power in powers for lead in leads]
    return [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
