"""Intervals of the extended real line, and arithmetic on them that never claims too little.

Every operation returns an interval that contains all results for arguments from the given intervals. Ends may be
open, so that `(0, inf)` is positive and `[0, inf)` only non-negative: the difference decides whether a logarithm is
allowed. Floating-point rounding of an end is ignored; infinities and overflow are not.
"""

import math
from collections.abc import Callable, Iterable

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

INFINITY = math.inf


@dataclass(frozen=True, config=ConfigDict(ser_json_inf_nan="strings"))
class Interval:
    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low or (value == self.low and not self.low_open)
        below = value < self.high or (value == self.high and not self.high_open)
        return above and below

    def __str__(self) -> str:
        left = "(" if self.low_open else "["
        right = ")" if self.high_open else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"

    @property
    def positive(self) -> bool:
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def non_negative(self) -> bool:
        return self.low >= 0

    @property
    def negative(self) -> bool:
        return self.high < 0 or (self.high == 0 and self.high_open)

    @property
    def non_positive(self) -> bool:
        return self.high <= 0

    @property
    def point(self) -> bool:
        return self.low == self.high


REAL = Interval(-INFINITY, INFINITY, True, True)
NON_NEGATIVE = Interval(0.0, INFINITY, False, True)
POSITIVE = Interval(0.0, INFINITY, True, True)
NEGATIVE = Interval(-INFINITY, 0.0, True, True)
UNIT = Interval(0.0, 1.0)


def point(value: float) -> Interval:
    return Interval(value, value)


def hull(intervals: Iterable[Interval]) -> Interval:
    """The smallest interval that contains all the given ones."""
    parts = tuple(intervals)
    low = min(part.low for part in parts)
    high = max(part.high for part in parts)
    return Interval(
        low,
        high,
        all(part.low_open for part in parts if part.low == low),
        all(part.high_open for part in parts if part.high == high),
    )


def starts_within(inner: Interval, outer: Interval) -> bool:
    return inner.low > outer.low or (inner.low == outer.low and (inner.low_open or not outer.low_open))


def ends_within(inner: Interval, outer: Interval) -> bool:
    return inner.high < outer.high or (inner.high == outer.high and (inner.high_open or not outer.high_open))


def negated(a: Interval) -> Interval:
    return Interval(-a.high, -a.low, a.high_open, a.low_open)


def added(a: Interval, b: Interval) -> Interval:
    if math.isnan(a.low + b.low) or math.isnan(a.high + b.high):
        return REAL
    return Interval(a.low + b.low, a.high + b.high, a.low_open or b.low_open, a.high_open or b.high_open)


def absolute(a: Interval) -> Interval:
    if a.non_negative:
        return a
    return negated(a) if a.non_positive else hull((above(negated(a)), above(a)))


def above(a: Interval) -> Interval:
    """The values of max(a, 0)."""
    return Interval(max(a.low, 0.0), max(a.high, 0.0), a.low_open and a.low >= 0, a.high_open and a.high > 0)


def multiplied(a: Interval, b: Interval) -> Interval:
    corners = [_corner(x, y) for x in _ends(a) for y in _ends(b)]
    low = min(value for value, _ in corners)
    high = max(value for value, _ in corners)
    return Interval(
        low,
        high,
        all(is_open for value, is_open in corners if value == low),
        all(is_open for value, is_open in corners if value == high),
    )


def reciprocal(a: Interval) -> Interval:
    """1 / a; the whole line where `a` contains zero (the checker refuses that before)."""
    if 0.0 in a or a.low < 0 < a.high:
        return REAL
    low = _inverted(a.high, -1.0 if a.high <= 0 else 1.0)
    high = _inverted(a.low, -1.0 if a.high <= 0 else 1.0)
    return Interval(low, high, a.high_open or math.isinf(a.high), a.low_open or a.low == 0)


def monotone(a: Interval, function: Callable[[float], float], limits: Interval = REAL) -> Interval:
    """The image under a strictly increasing function, which comes near its limits and never reaches them."""
    low, high = function(a.low), function(a.high)
    return Interval(low, high, a.low_open or low == limits.low, a.high_open or high == limits.high)


def power(base: Interval, exponent: Interval) -> Interval:
    """base ** exponent for a non-negative base, or a whole-number exponent."""
    if base.non_negative:
        return _positive_power(base, exponent)
    if not is_whole(exponent):
        return REAL
    if exponent.low < 0:
        return reciprocal(power(base, negated(exponent)))
    if exponent.low % 2:
        return monotone(base, lambda value: safe_power(value, exponent.low))
    reach = max(abs(base.low), abs(base.high))
    return Interval(0.0 if base.high >= 0 else safe_power(base.high, exponent.low), safe_power(reach, exponent.low))


def is_whole(a: Interval) -> bool:
    """Whether it is one whole number."""
    return a.point and a.low.is_integer()


def safe_power(base: float, exponent: float) -> float:
    """`base ** exponent` with the limits at 0 and infinity, and infinity where floats overflow."""
    if base == 0.0 and exponent < 0:
        return INFINITY
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -INFINITY if base < 0 and exponent % 2 else INFINITY
    except ValueError:
        return math.nan


def safe_exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return INFINITY


def _positive_power(base: Interval, exponent: Interval) -> Interval:
    """Extreme at the corners. What has an open end is open, but 1^e and b^0 are 1 throughout, and 0^e is mostly 0."""
    corners = [
        (safe_power(b, e), (b_open or (e_open and b != 0.0)) and b != 1.0 and e != 0.0)
        for b, b_open in _ends(base)
        for e, e_open in _ends(exponent)
    ]
    low = min(value for value, _ in corners)
    high = max(value for value, _ in corners)
    low_open = all(is_open for value, is_open in corners if value == low)
    return Interval(low, high, base.positive if low == 0 else low_open, all(o for value, o in corners if value == high))


def _ends(a: Interval) -> tuple[tuple[float, bool], tuple[float, bool]]:
    return (a.low, a.low_open), (a.high, a.high_open)


def _corner(x: tuple[float, bool], y: tuple[float, bool]) -> tuple[float, bool]:
    """A product of two ends; a closed zero stays attained, and zero times infinity is zero."""
    (a, a_open), (b, b_open) = x, y
    if a == 0 or b == 0:
        attained = (a == 0 and not a_open) or (b == 0 and not b_open)
        return 0.0, not attained
    return a * b, a_open or b_open


def _inverted(value: float, side: float) -> float:
    return math.copysign(INFINITY, side) if value == 0 else 1.0 / value
