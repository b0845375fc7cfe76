"""Open and closed ends, on which a proof of a strict inequality rests, and strictness along a variable."""

import math

import pytest

from alphadsl.ir.atom import Direction
from alphadsl.ir.build import ONE, add, apply, div, exp, mul
from alphadsl.ir.facts import Scope, infer_direction, is_strict
from alphadsl.ir.interval import Interval, ends_within, monotone, overlap, starts_within
from alphadsl.ir.nodes import Expr, Var

X, Y = Var("x"), Var("y")
SCOPE = Scope({}, {"x": Interval(-1.0, 1.0), "y": Interval(0.5, 1.0)})
CLOSED = Interval(0.0, 1.0)
OPEN = Interval(0.0, 1.0, True, True)


@pytest.mark.parametrize("within", [starts_within, ends_within])
def test_an_end_that_is_left_out_does_not_hold_one_that_is_not(within: object) -> None:
    assert callable(within)
    assert within(OPEN, CLOSED)
    assert within(CLOSED, CLOSED)
    assert within(OPEN, OPEN)
    assert not within(CLOSED, OPEN)
    assert not within(Interval(-1.0, 2.0), CLOSED)
    assert within(Interval(0.5, 0.6), OPEN)


def test_what_two_intervals_share_ends_as_the_narrower() -> None:
    assert overlap(CLOSED, OPEN) == OPEN
    assert overlap(Interval(-1.0, 0.0), OPEN) is None
    assert overlap(Interval(-1.0, 0.0), CLOSED) == Interval(0.0, 0.0)


def test_an_image_is_open_where_its_argument_or_its_limit_is() -> None:
    """A limit is never reached, though rounding may say so."""
    unit = Interval(0.0, 1.0)
    assert monotone(OPEN, math.exp) == Interval(monotone(OPEN, math.exp).low, monotone(OPEN, math.exp).high, True, True)
    assert not monotone(CLOSED, math.exp).high_open
    assert monotone(Interval(0.0, 100.0), lambda x: 1 / (1 + math.exp(-x)), unit).high_open
    assert not monotone(Interval(0.0, 1.0), lambda x: 1 / (1 + math.exp(-x)), unit).high_open


@pytest.mark.parametrize(
    ("expr", "strict"),
    [
        (exp(X), True),
        (exp(Y), False),
        (add(X, Y), True),
        (mul(X, Y), True),
        (mul(Y, Y), False),
        (mul(X, X), False),
        (apply("relu", X), False),
    ],
    ids=str,
)
def test_what_is_strict_in_a_variable_moves_with_it_everywhere(expr: Expr, strict: bool) -> None:
    assert is_strict(expr, "x", SCOPE) == strict


@pytest.mark.parametrize(
    ("expr", "direction"),
    [
        (div(exp(X), add(ONE, exp(X))), Direction.RISING),
        (div(ONE, add(ONE, exp(X))), Direction.FALLING),
        (div(exp(X), Y), Direction.RISING),
        (div(Y, exp(X)), Direction.FALLING),
        (div(exp(Y), add(ONE, exp(Y))), Direction.CONSTANT),
        (mul(X, X), Direction.UNKNOWN),
    ],
    ids=str,
)
def test_a_share_rises_with_its_part(expr: Expr, direction: Direction) -> None:
    assert infer_direction(expr, "x", SCOPE) == direction
