"""Float arithmetic with outward rounding: a pair of floats between which the true result lies.

If a result is exact, both floats are equal. Sums, products, quotients and square roots are correctly rounded (IEEE
754), so that their error is itself a float, whose sign says on which side the true result is. The functions of a
mathematical library are allowed an error of a few units in the last place.
"""

import math
import sys

Ends = tuple[float, float]

INFINITY = math.inf
LARGEST = sys.float_info.max
SPLITTER = 134217729.0  # 2^27 + 1: halves the digits of a float (Dekker 1971)
SPLITTABLE = (1e-140, 1e140)
SLACK = 4  # units in the last place; good libraries stay below one
WHOLE_POWERS = 16


def exactly(value: float) -> Ends:
    return value, value


def summed(a: float, b: float) -> Ends:
    """a + b, with the error of Knuth's two-sum."""
    total = a + b
    if math.isinf(total):
        return exactly(total) if math.isinf(a) or math.isinf(b) else _overflown(total)
    virtual = total - a
    return _beside(total, (a - (total - virtual)) + (b - virtual))


def product(a: float, b: float) -> Ends:
    """a * b, for factors whose product is defined."""
    rounded = a * b
    if a == 0 or b == 0 or math.isinf(a) or math.isinf(b):
        return exactly(rounded)
    if math.isinf(rounded):
        return _overflown(rounded)
    low, high = SPLITTABLE
    if low < abs(a) < high and low < abs(b) < high and low < abs(rounded):
        return _beside(rounded, _error_of_product(a, b, rounded))
    return _kept(
        math.nextafter(rounded, -INFINITY), math.nextafter(rounded, INFINITY), rounded < 0 or (a < 0) != (b < 0)
    )


def quotient(a: float, b: float) -> Ends:
    """a / b, for a non-zero divisor; 0 if the divisor is infinite."""
    rounded = a / b
    if a == 0 or math.isinf(a) or math.isinf(b):
        return exactly(rounded)
    if math.isinf(rounded):
        return _overflown(rounded)
    low, high = SPLITTABLE
    if low < abs(a) < high and low < abs(b) < high and low < abs(rounded) < high:
        back = rounded * b
        missing = (a - back) - _error_of_product(rounded, b, back)
        return _beside(rounded, missing if b > 0 else -missing)
    return _kept(math.nextafter(rounded, -INFINITY), math.nextafter(rounded, INFINITY), (a < 0) != (b < 0))


def square_root(a: float) -> Ends:
    rounded = math.sqrt(a)
    low, high = SPLITTABLE
    if low < rounded < high:
        square = rounded * rounded
        return _beside(rounded, (a - square) - _error_of_product(rounded, rounded, square))
    return exactly(rounded) if rounded in (0.0, INFINITY) else around(rounded)


def power(base: float, exponent: float) -> Ends:
    """base ** exponent for a base of at least 0, with the limits at 0 and infinity."""
    if exponent == 0 or base == 1:
        return exactly(1.0)
    if base in (0.0, INFINITY) or math.isinf(exponent):
        return exactly(0.0 if (base < 1) == (exponent > 0) else INFINITY)
    if exponent == 0.5:
        return square_root(base)
    if exponent == round(exponent) and abs(exponent) <= WHOLE_POWERS:
        return _whole_power(base, int(exponent))
    try:
        return _kept(*around(math.pow(base, exponent)), negative=False)
    except OverflowError:
        return LARGEST, INFINITY


def around(value: float, slack: int = SLACK) -> Ends:
    """The range of the true result, if a function of a mathematical library returned `value`."""
    if math.isinf(value):
        return _overflown(value)
    return value - slack * math.ulp(value), value + slack * math.ulp(value)


def safe_power(base: float, exponent: float) -> float:
    """`base ** exponent` with the limits at 0 and infinity, infinity on overflow, and NaN where it is undefined."""
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


def _whole_power(base: float, exponent: int) -> Ends:
    low = high = base
    for _ in range(abs(exponent) - 1):
        low, high = product(low, base)[0], product(high, base)[1]
    if exponent > 0:
        return low, high
    return (quotient(1.0, high)[0], quotient(1.0, low)[1] if low else INFINITY)


def _error_of_product(a: float, b: float, rounded: float) -> float:
    """a * b minus its rounded value, exactly."""
    a_high, b_high = _leading(a), _leading(b)
    a_low, b_low = a - a_high, b - b_high
    return ((a_high * b_high - rounded) + a_high * b_low + a_low * b_high) + a_low * b_low


def _leading(a: float) -> float:
    """The leading half of the significand."""
    scaled = SPLITTER * a
    return scaled - (scaled - a)


def _beside(rounded: float, missing: float) -> Ends:
    """The ends for a correctly rounded result; `missing` is the true result minus the rounded one."""
    if missing == 0:
        return rounded, rounded
    return (
        (rounded, math.nextafter(rounded, INFINITY)) if missing > 0 else (math.nextafter(rounded, -INFINITY), rounded)
    )


def _kept(low: float, high: float, negative: bool) -> Ends:
    """Ends clipped at 0: rounding does not change a sign."""
    return (low, min(high, -0.0)) if negative else (max(low, 0.0), high)


def _overflown(value: float) -> Ends:
    return (LARGEST, INFINITY) if value > 0 else (-INFINITY, -LARGEST)
