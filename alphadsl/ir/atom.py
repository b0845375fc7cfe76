"""What a row of the table of built-ins says about a function: its image, directions, derivative, domain and texts."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag

from alphadsl.ir.interval import UNIT, Interval
from alphadsl.ir.nodes import Expr


class Direction(IntFlag):
    """In which way a value may move when its argument grows."""

    CONSTANT = 0
    RISING = 1
    FALLING = 2
    UNKNOWN = 3


RISING, FALLING, UNKNOWN, CONSTANT = (
    Direction.RISING,
    Direction.FALLING,
    Direction.UNKNOWN,
    Direction.CONSTANT,
)


@dataclass(frozen=True)
class Domain:
    """The argument that is restricted, to what, and in words."""

    argument: int
    allowed: Interval
    words: str


@dataclass(frozen=True)
class End:
    """Arguments at an end or a corner of the domain, and what the partial derivatives are decided to be there: the
    limit where there is one, 0 where it would be infinite, the middle at a corner."""

    at: tuple[float, ...]
    slopes: tuple[float, ...]


@dataclass(frozen=True)
class Atom:
    """A built-in: functions of its arguments' intervals give image, directions and domain, of their expressions the
    partial derivatives; `numpy` is the name of a function, `torch` a text with places for the arguments; `ends` are
    where a partial derivative is a decision."""

    arity: int
    image: Callable[..., Interval]
    directions: Callable[..., tuple[Direction, ...]]
    partials: Callable[..., tuple[Expr, ...]]
    numpy: str
    torch: str
    domain: Callable[..., Domain | None] = lambda *_: None
    ends: tuple[End, ...] = ()


def rising(*arguments: Interval) -> tuple[Direction, ...]:
    """Of a function that rises in every argument."""
    return (RISING,) * len(arguments)


def sign_of(a: Interval) -> Direction:
    """The direction in which a factor of these values sends what it multiplies."""
    if a.point and a.low == 0:
        return CONSTANT
    return RISING if a.non_negative else FALLING if a.non_positive else UNKNOWN


def flipped(direction: Direction) -> Direction:
    return {RISING: FALLING, FALLING: RISING}.get(direction, direction)


def exceeds(a: Interval, b: Interval) -> Interval:
    """The values of `a > b`, as a number: 0 or 1 where the intervals do not overlap."""
    if a.low > b.high or (a.low == b.high and (a.low_open or b.high_open)):
        return Interval(1.0, 1.0)
    return Interval(0.0, 0.0) if a.high <= b.low else UNIT


def complement(a: Interval) -> Interval:
    """The values of `not a`, for an `a` that is 0 or 1."""
    return Interval(1.0 - a.high, 1.0 - a.low)


def coincides(a: Interval, b: Interval) -> Interval:
    """The values of `a == b`, as a number: 1 for one point twice, 0 where the intervals do not meet."""
    if a.point and a == b:
        return Interval(1.0, 1.0)
    apart = exceeds(a, b).low == 1 or exceeds(b, a).low == 1
    return Interval(0.0, 0.0) if apart else UNIT
