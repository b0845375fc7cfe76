"""Intervals of the extended real line, and sound arithmetic on them.

Every operation returns an interval that contains all results for arguments from the given intervals. Ends may be
open, so that `(0, inf)` is positive and `[0, inf)` only non-negative: the difference decides whether a logarithm is
allowed. Ends are rounded outward; exact ends stay exact.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from alphadsl.ir import rounding
from alphadsl.ir.node import Real
from alphadsl.ir.rounding import LARGEST, Ends

INFINITY = math.inf
VANISHED = 1e-307  # below this, a non-zero result may be rounded to 0: such an end counts as not attained


@dataclass(frozen=True)
class Interval:
    low: Real
    high: Real
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

    @property
    def overflows(self) -> bool:
        """Whether the whole interval lies beyond the range of floats."""
        return self.low >= LARGEST or self.high <= -LARGEST


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


def overlap(a: Interval, b: Interval) -> Interval | None:
    """The intersection; None if it is empty."""
    low, high = max(a.low, b.low), min(a.high, b.high)
    common = Interval(
        low,
        high,
        any(part.low_open for part in (a, b) if part.low == low),
        any(part.high_open for part in (a, b) if part.high == high),
    )
    return None if low > high or (low == high and (common.low_open or common.high_open)) else common


def negated(a: Interval) -> Interval:
    return Interval(-a.high, -a.low, a.high_open, a.low_open)


def added(a: Interval, b: Interval) -> Interval:
    if math.isnan(a.low + b.low) or math.isnan(a.high + b.high):
        return REAL
    low, high = rounding.summed(a.low, b.low)[0], rounding.summed(a.high, b.high)[1]
    return Interval(low, high, a.low_open or b.low_open, a.high_open or b.high_open)


def absolute(a: Interval) -> Interval:
    if a.non_negative:
        return a
    return negated(a) if a.non_positive else hull((above(negated(a)), above(a)))


def above(a: Interval) -> Interval:
    """The values of max(a, 0)."""
    return Interval(max(a.low, 0.0), max(a.high, 0.0), a.low_open and a.low >= 0, a.high_open and a.high > 0)


def multiplied(a: Interval, b: Interval) -> Interval:
    return _between_corners([_corner(x, y) for x in _ends(a) for y in _ends(b)])


def divided(a: Interval, b: Interval) -> Interval:
    """a / b; the whole line if `b` contains zero (the checker has already refused that)."""
    if 0.0 in b or b.low < 0 < b.high:
        return REAL
    if b.low == 0 or b.high == 0 or math.isinf(b.low) or math.isinf(b.high):
        return multiplied(a, reciprocal(b))
    return _between_corners([_fraction(x, y) for x in _ends(a) for y in _ends(b)])


def reciprocal(a: Interval) -> Interval:
    """1 / a; the whole line if `a` contains zero."""
    if 0.0 in a or a.low < 0 < a.high:
        return REAL
    side = -1.0 if a.high <= 0 else 1.0
    low, high = _inverted(a.high, side)[0], _inverted(a.low, side)[1]
    return Interval(low, high, a.high_open or math.isinf(a.high), a.low_open or a.low == 0)


def monotone(
    a: Interval, function: Callable[[float], float], limits: Interval = REAL, exact: Mapping[float, float] | None = None
) -> Interval:
    """The image under a strictly increasing function that approaches its limits without attaining them. Its values are
    good to a few units in the last place; `exact` has the values known exactly."""
    low, high = (_valued(end, function, limits, exact or {}) for end in (a.low, a.high))
    return Interval(low[0], high[1], a.low_open or low[0] == limits.low, a.high_open or high[1] == limits.high)


def power(base: Interval, exponent: Interval) -> Interval:
    """base ** exponent for a non-negative base, or a whole-number exponent."""
    if base.non_negative:
        return _positive_power(base, exponent)
    if not is_whole(exponent):
        return REAL
    if exponent.low < 0:
        return reciprocal(power(base, negated(exponent)))
    sizes = _positive_power(absolute(base), exponent)
    if exponent.low % 2 == 0:
        return sizes
    below = negated(_positive_power(above(negated(base)), exponent))
    rising = (
        _positive_power(above(base), exponent)
        if base.high > 0
        else negated(_positive_power(Interval(-base.high, -base.high), exponent))
    )
    return Interval(below.low, rising.high, base.low_open, base.high_open)


def is_whole(a: Interval) -> bool:
    """Whether the interval is a single whole number."""
    return a.point and a.low.is_integer()


def _valued(
    argument: float, function: Callable[[float], float], limits: Interval, exact: Mapping[float, float]
) -> Ends:
    if argument in exact:
        return rounding.exactly(exact[argument])
    value = function(argument)
    if math.isinf(argument):
        return rounding.exactly(value)
    low, high = rounding.around(value)
    return max(low, limits.low), min(high, limits.high)


def _positive_power(base: Interval, exponent: Interval) -> Interval:
    """The extremes are at the corners. A corner with an open end is not attained, except that 1^e and b^0 are 1
    throughout; a lower end of 0 is open only if the base is positive."""
    corners = [
        (rounding.power(b, e), (b_open or (e_open and b != 0.0)) and b != 1.0 and e != 0.0)
        for b, b_open in _ends(base)
        for e, e_open in _ends(exponent)
    ]
    hull = _between_corners(corners)
    return Interval(hull.low, hull.high, base.positive if hull.low == 0 else hull.low_open, hull.high_open)


def _between_corners(corners: list[tuple[Ends, bool]]) -> Interval:
    """The interval from the least to the greatest corner; an end is open if it is open at every corner with its
    value."""
    low = min(value[0] for value, _ in corners)
    high = max(value[1] for value, _ in corners)
    return Interval(
        low,
        high,
        all(is_open for value, is_open in corners if value[0] == low),
        all(is_open for value, is_open in corners if value[1] == high),
    )


def _ends(a: Interval) -> tuple[tuple[float, bool], tuple[float, bool]]:
    return (a.low, a.low_open), (a.high, a.high_open)


def _corner(x: tuple[float, bool], y: tuple[float, bool]) -> tuple[Ends, bool]:
    """A product of two ends; a closed zero stays attained, and zero times infinity is zero."""
    (a, a_open), (b, b_open) = x, y
    if a == 0 or b == 0:
        attained = (a == 0 and not a_open) or (b == 0 and not b_open)
        return rounding.exactly(0.0), not attained
    return rounding.product(a, b), a_open or b_open or abs(a * b) < VANISHED


def _fraction(x: tuple[float, bool], y: tuple[float, bool]) -> tuple[Ends, bool]:
    """A quotient of two ends; the second is neither 0 nor infinite."""
    (a, a_open), (b, b_open) = x, y
    if a == 0:
        return rounding.exactly(0.0), a_open
    return rounding.quotient(a, b), a_open or b_open or abs(a / b) < VANISHED


def _inverted(value: float, side: float) -> Ends:
    if value == 0:
        return rounding.exactly(math.copysign(INFINITY, side))
    return rounding.quotient(1.0, value)
