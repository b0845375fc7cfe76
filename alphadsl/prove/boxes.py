"""Boxes of parameters, arguments and distances, represented as scopes: their sides, and how they are split."""

import math
from typing import TypeGuard

from alphadsl.ir.facts import Scope
from alphadsl.ir.interval import REAL, Interval, overlap
from alphadsl.ir.nodes import Distance, Expr, Param, Var

Leaf = Param | Var | Distance
FAR = 4.0


def is_leaf(expr: Expr) -> TypeGuard[Leaf]:
    return isinstance(expr, Param | Var | Distance)


def interval_in(box: Scope, leaf: Leaf) -> Interval:
    match leaf:
        case Param(name):
            return box.parameters.get(name, REAL)
        case Var(name):
            return box.variables.get(name, REAL)
        case Distance(of):
            return box.distances[of]


def with_leaf(box: Scope, leaf: Leaf, interval: Interval) -> Scope:
    """The box with one side replaced; a distance is that of this pair, not of the pairs that reductions run over."""
    match leaf:
        case Param(name):
            return Scope(
                {**box.parameters, name: interval}, box.variables, box.distances, box.claims, box.elsewhere, box.guards
            )
        case Var(name):
            return box.binding(name, interval)
        case Distance(of):
            return box.near({**box.distances, of: interval})


def halves(box: Scope, leaf: Leaf) -> list[Scope]:
    """The box cut in two along one side."""
    side = interval_in(box, leaf)
    middle = middle_of(side)
    cuts = (
        Interval(side.low, middle, side.low_open, False),
        Interval(middle, side.high, False, side.high_open),
    )
    return [with_leaf(box, leaf, part) for cut in cuts if (part := overlap(cut, side))]


def middle_of(side: Interval) -> float:
    """Where to cut: at 0, halfway, or at a multiple of the finite end if the other one is infinite; between ends of
    different magnitude, at one in between."""
    low, high = side.low, side.high
    if low < 0 < high:
        return 0.0
    if math.isinf(high):
        return max(FAR * low, 1.0)
    if math.isinf(low):
        return min(FAR * high, -1.0)
    if low > 0 and high > FAR * FAR * low:
        return math.sqrt(low) * math.sqrt(high)
    if high < 0 and low < FAR * FAR * high:
        return -math.sqrt(-low) * math.sqrt(-high)
    return low / 2 + high / 2


def spread(side: Interval) -> float:
    """The width of a side on a scale that maps the real line to (-1, 1); 0 if it cannot be cut."""
    low, high = (math.copysign(1.0, end) if math.isinf(end) else end / (1 + abs(end)) for end in (side.low, side.high))
    return high - low if side.low < middle_of(side) < side.high else 0.0
