"""What a row of the table of built-ins says about a function: image, monotonicity, derivatives, domain and code."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag

from alphadsl.ir.interval import UNIT, Interval
from alphadsl.ir.nodes import Expr


class Direction(IntFlag):
    """How a function may change when its argument grows."""

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
    """The position of the restricted argument, its allowed interval, and the restriction in words."""

    argument: int
    allowed: Interval
    words: str


@dataclass(frozen=True)
class End:
    """Arguments at an end of the domain or at a kink, and the values chosen for the partial derivatives there: the
    limit if there is one, 0 if it would be infinite, the mean of both sides at a kink."""

    at: tuple[float, ...]
    slopes: tuple[float, ...]


@dataclass(frozen=True)
class Atom:
    """A built-in. `image`, `directions` and `domain` are functions of the intervals of its arguments, `partials` of
    their expressions. `numpy` is the name of a function, `torch` a code template with placeholders for the arguments.
    `ends` lists the arguments at which a partial derivative is a convention."""

    arity: int
    image: Callable[..., Interval]
    directions: Callable[..., tuple[Direction, ...]]
    partials: Callable[..., tuple[Expr, ...]]
    numpy: str
    torch: str
    domain: Callable[..., Domain | None] = lambda *_: None
    ends: tuple[End, ...] = ()


def rising(*arguments: Interval) -> tuple[Direction, ...]:
    """The directions of a function that increases in every argument."""
    return (RISING,) * len(arguments)


def sign_of(a: Interval) -> Direction:
    """The direction of a product in its other factor, if this factor lies in `a`."""
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
