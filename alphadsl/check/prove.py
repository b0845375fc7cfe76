"""Proofs about functions of one number: that they rise, or that they are strictly concave.

Three means, each sound, tried in turn: the composition of directions, the sign of the simplified derivative on the
whole domain, and the same on pieces of it. What none of them shows is not admitted; a search for a counterexample then
makes the refusal concrete.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alphadsl.ir.atoms import Direction
from alphadsl.ir.facts import Scope, infer_direction, infer_directions, infer_interval, is_strict
from alphadsl.ir.interval import INFINITY, Interval, point
from alphadsl.ir.nodes import Apply, Expr, Function
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.traversal import children, walk
from alphadsl.transform.differentiate import differentiate
from alphadsl.transform.simplify import Simplifier

PIECES = 256
TRIALS = 400
JUMPING = frozenset({"where", "lt", "le", "gt", "ge", "eq"})


@dataclass(frozen=True)
class Witness:
    """Two arguments at which the function moves the wrong way, and the parameters that it happens for."""

    low: float
    high: float
    value_low: float
    value_high: float
    parameters: Mapping[str, float]


def proves_rising(function: Function, scope: Scope) -> bool:
    """Whether the function is non-decreasing, and depends on its argument at all."""
    direction = infer_direction(function.body, function.argument, scope)
    if direction != Direction.UNKNOWN:
        return direction == Direction.RISING
    if any(isinstance(part, Apply) and part.op in JUMPING for part in walk(function.body)):
        return False
    slope = Simplifier(scope)(differentiate(function))
    return any(
        all(infer_interval(slope, scope.binding(function.argument, piece)).non_negative for piece in pieces)
        for pieces in _partitions(scope.variables[function.argument])
    )


def proves_strictly_concave(regulariser: Function, scope: Scope) -> bool:
    """Whether the slope of the function falls strictly: in direction, or by the sign of the curvature."""
    simplified = Simplifier(scope)
    argument = regulariser.argument
    if any(isinstance(part, Apply) and part.op in JUMPING for part in walk(regulariser.body)):
        return False
    slope = simplified(differentiate(regulariser))
    falling = infer_direction(slope, argument, scope) == Direction.FALLING
    if falling and is_strict(slope, argument, scope):
        return True
    curvature = simplified(differentiate(Function(argument, slope)))
    return any(
        all(infer_interval(curvature, scope.binding(argument, piece)).negative for piece in pieces)
        for pieces in _partitions(scope.variables[argument])
    )


def find_guilty(function: Function, scope: Scope) -> Expr | None:
    """The smallest part that does not rise although everything in it does."""
    directions = infer_directions(function.body, function.argument, scope)
    rising = (Direction.RISING, Direction.CONSTANT)
    for part in walk(function.body):
        innocent = all(directions[child] in rising for child in children(part))
        if innocent and directions[part] not in rising and getattr(part, "span", None):
            return part
    return None


def find_fall(function: Function, scope: Scope, parameters: tuple[Parameter, ...]) -> Witness | None:
    """Two arguments between which the function falls, found by trying."""
    rng = random.Random(0)
    domain = scope.variables[function.argument]
    for trial in range(TRIALS):
        values = {each.name: each.value if trial < TRIALS // 2 else _sample(each.interval, rng) for each in parameters}
        low, high = sorted((_sample(domain, rng), _sample(domain, rng)))
        value_low, value_high = (value_at(function, argument, values) for argument in (low, high))
        scale = abs(value_low) + abs(value_high)
        if value_low - value_high > 1e-9 * scale and scale < INFINITY:
            return Witness(low, high, value_low, value_high, values)
    return None


def value_at(function: Function, argument: float, parameters: Mapping[str, float]) -> float:
    """The function's value; NaN where it has none."""
    points = {name: point(value) for name, value in parameters.items()}
    found = infer_interval(function.body, Scope(points, {function.argument: point(argument)}))
    return found.low if found.point else float("nan")


def _partitions(domain: Interval) -> Iterator[tuple[Interval, ...]]:
    """The domain whole, and cut into ever smaller pieces."""
    count = 1
    while count <= PIECES:
        yield tuple(_cut(domain, count))
        count *= 4


def _cut(domain: Interval, count: int) -> Iterator[Interval]:
    """Equal pieces of the bounded part, which reaches to 16 where an end is infinite, and what lies outside it."""
    low, high = max(domain.low, -16.0), min(domain.high, 16.0)
    if count == 1 or low >= high:
        yield domain
        return
    if domain.low < low:
        yield Interval(domain.low, low, domain.low_open)
    for index in range(count):
        start, end = low + (high - low) * index / count, low + (high - low) * (index + 1) / count
        yield Interval(start, end, domain.low_open and start == domain.low, domain.high_open and end == domain.high)
    if domain.high > high:
        yield Interval(high, domain.high, False, domain.high_open)


def _sample(interval: Interval, rng: random.Random) -> float:
    low, high = max(interval.low, -8.0), min(interval.high, 8.0)
    low, high = (low, high) if low < high else (interval.low, interval.low + 1)
    return low + (high - low) * (0.001 + 0.998 * rng.random())
