"""Interval arithmetic rounds outward: every end is held against exact fractions, or fifty digits of mpmath."""

import math
import sys
from collections.abc import Callable
from fractions import Fraction

import mpmath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alphadsl.ir import interval as iv
from alphadsl.ir import rounding
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.interval import Interval, point

EXAMPLES = settings(max_examples=100)
TINY, HUGE = sys.float_info.min, sys.float_info.max
FLOATS = st.one_of(
    st.floats(-4.0, 4.0),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-20, 20).map(float),
    st.sampled_from([0.1, 1 / 3, 1e-200, 1e-310, 5e-324, 1e200, HUGE, -HUGE, TINY]),
)
UNARY: dict[str, Callable[[mpmath.mpf], mpmath.mpf]] = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "softplus": lambda a: mpmath.log1p(mpmath.exp(a)),
    "tanh": mpmath.tanh,
    "relu": lambda a: max(a, mpmath.mpf(0)),
    "abs": abs,
    "neg": lambda a: -a,
}


def contains(interval: Interval, low: object, high: object) -> bool:
    """Whether a true value, known to lie between two numbers, is in the interval."""
    below = interval.low < low or (interval.low == low and not interval.low_open)  # type: ignore[operator]
    above = high < interval.high or (high == interval.high and not interval.high_open)  # type: ignore[operator]
    return bool(below and above)


def is_tight(interval: Interval) -> bool:
    """Whether the interval of one value is a few units in the last place wide."""
    size = max(abs(interval.low), abs(interval.high))
    return math.isinf(size) or interval.high - interval.low <= 32 * math.ulp(size)


@pytest.mark.parametrize("op", ["add", "mul", "div"])
@EXAMPLES
@given(a=FLOATS, b=FLOATS)
@example(a=0.1, b=0.2)
@example(a=1.0, b=3.0)
@example(a=HUGE, b=HUGE)
@example(a=5e-324, b=5e-324)
def test_sums_products_and_quotients_contain_the_exact_result(op: str, a: float, b: float) -> None:
    if op == "div" and b == 0:
        return
    left, right = Fraction(a), Fraction(b)
    exact = {"add": left + right, "mul": left * right}.get(op) if op != "div" else left / right
    assert exact is not None
    found = ATOMS[op].image(point(a), point(b))
    assert contains(found, exact, exact)
    assert is_tight(found)
    usual = all(1e-100 < abs(end) < 1e100 for end in (a, b))
    if usual and exact.denominator == 1 and abs(exact) < 2**53:
        assert found == point(float(exact))


@pytest.mark.parametrize("op", UNARY)
@EXAMPLES
@given(a=FLOATS)
@example(a=0.0)
@example(a=1.0)
@example(a=800.0)
@example(a=-800.0)
@example(a=2.0)
def test_functions_contain_the_true_value(op: str, a: float) -> None:
    if (op == "log" and a <= 0) or (op == "sqrt" and a < 0):
        return
    found = ATOMS[op].image(point(a))
    with mpmath.workdps(50):
        if abs(a) > 900 and op in ("exp", "sigmoid", "softplus", "tanh"):
            return
        with mpmath.workdps(900 if op in ("sigmoid", "tanh") else 60):
            true = UNARY[op](mpmath.mpf(a))
        assert contains(found, true, true), (a, found)
    assert is_tight(found)


@EXAMPLES
@given(base=st.floats(0.0, 1e6), exponent=st.one_of(st.integers(-20, 20).map(float), st.floats(-8.0, 8.0)))
@example(base=0.1, exponent=3.0)
@example(base=3.0, exponent=3.0)
def test_powers_contain_the_true_value(base: float, exponent: float) -> None:
    if base == 0 and exponent < 0:
        return
    found = iv.power(point(base), point(exponent))
    with mpmath.workdps(60):
        true = mpmath.power(mpmath.mpf(base), mpmath.mpf(exponent))
        if 0 < true < 1e-300:
            return
        assert contains(found, true, true), (found, true)


@EXAMPLES
@given(base=st.floats(-100.0, 100.0), exponent=st.integers(1, 9))
def test_whole_powers_of_numbers_of_either_sign(base: float, exponent: int) -> None:
    found = iv.power(point(base), point(float(exponent)))
    exact = Fraction(base) ** exponent
    assert contains(found, exact, exact)


@EXAMPLES
@given(
    ends=st.tuples(FLOATS, FLOATS), others=st.tuples(FLOATS, FLOATS), shares=st.tuples(st.floats(0, 1), st.floats(0, 1))
)
def test_what_is_inside_stays_inside(
    ends: tuple[float, float], others: tuple[float, float], shares: tuple[float, float]
) -> None:
    a, b = (Interval(min(pair), max(pair)) for pair in (ends, others))
    x, y = (
        min(max(end.low * (1 - share) + end.high * share, end.low), end.high)
        for end, share in zip((a, b), shares, strict=True)
    )
    for op, exact in (("add", Fraction(x) + Fraction(y)), ("mul", Fraction(x) * Fraction(y))):
        assert contains(ATOMS[op].image(a, b), exact, exact)
    if not (b.low <= 0 <= b.high):
        quotient = Fraction(x) / Fraction(y)
        assert contains(ATOMS["div"].image(a, b), quotient, quotient)


def test_a_sum_that_rounding_would_make_zero_is_not_claimed_to_be() -> None:
    """0.1 + 0.2 - 0.3 is 2^-54 in floats and 2.8e-17 in truth; rounded to nearest, the low end would exclude it."""
    found = iv.added(iv.added(point(0.1), point(0.2)), point(-0.3))
    exact = Fraction(0.1) + Fraction(0.2) - Fraction(0.3)
    assert found.low <= exact <= found.high
    assert not found.point


@EXAMPLES
@given(a=FLOATS, b=FLOATS)
def test_ends_are_neighbours(a: float, b: float) -> None:
    low, high = rounding.summed(a, b)
    assert low == high or math.nextafter(low, math.inf) == high
