"""Proofs about functions of one number: that they are constant, non-decreasing or strictly concave.

Sound methods are tried in turn: the composition of directions; for a piecewise function, its pieces; and the sign of
the simplified derivative, and of the derivative divided by positive factors common to all its terms, each by branch and
bound. A property that no method proves counts as false. The effort is limited by a count, not by time.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from alphadsl.ir.atoms import ATOMS, Direction
from alphadsl.ir.build import ZERO, add, mul, neg
from alphadsl.ir.facts import (
    Scope,
    composed,
    infer_direction,
    infer_directions,
    infer_interval,
    infer_intervals,
    is_strict,
)
from alphadsl.ir.interval import NEGATIVE, NON_NEGATIVE
from alphadsl.ir.nodes import Apply, Expr, Function, Num, Var
from alphadsl.ir.traversal import children, count_parts, rewrite, walk
from alphadsl.prove.pieces import split_at_comparison
from alphadsl.prove.search import SIMPLIFIED, Effort, jumps, shows
from alphadsl.transform.canonical import Product, as_product, as_terms, from_product, multiply
from alphadsl.transform.differentiate import differentiate
from alphadsl.transform.simplify import Simplifier

MOST_PIECES = 6


@dataclass(frozen=True)
class Guilt:
    """A part of a function, its direction, and the direction that it would need."""

    part: Expr
    direction: Direction
    wanted: Direction

    @property
    def words(self) -> str:
        return ("falls" if self.wanted == Direction.RISING else "rises") if self._for_certain else self._perhaps

    @property
    def _for_certain(self) -> bool:
        return self.direction not in (Direction.UNKNOWN, self.wanted)

    @property
    def _perhaps(self) -> str:
        return "may fall" if self.wanted == Direction.RISING else "may rise"


def is_constant(function: Function, scope: Scope) -> bool:
    """Whether the function is proved constant, by its interval or by its derivative, for which a `stopgrad` counts as
    constant."""
    direction = infer_direction(function.body, function.argument, scope)
    values = infer_interval(function.body, scope)
    if direction == Direction.CONSTANT or (values.point and math.isfinite(values.low)):
        return True
    return direction == Direction.UNKNOWN and not jumps(function.body) and _slope(function, scope) == ZERO


def proves_rising(function: Function, scope: Scope, effort: Effort | None = None, pieces: int = MOST_PIECES) -> bool:
    """Whether the function is proved non-decreasing on the interval of its argument."""
    effort = effort or Effort()
    direction = infer_direction(function.body, function.argument, scope)
    if direction in (Direction.RISING, Direction.CONSTANT):
        return True
    if direction == Direction.FALLING:
        return False
    if jumps(function.body):
        return pieces > 0 and _rises_in_pieces(function, scope, effort, pieces)
    inner = _inner(function, scope)
    if inner:
        return proves_rising(*inner, effort)
    return any(shows(form, scope, NON_NEGATIVE, effort) for form in _forms(_slope(function, scope), scope))


def _inner(function: Function, scope: Scope) -> tuple[Function, Scope] | None:
    """The function as a function of an increasing part, if the argument occurs only inside that part."""
    directions = infer_directions(function.body, function.argument, scope)
    argument = Var(function.argument)
    for part in _passages(function.body, argument):
        if directions[part] == Direction.RISING:
            body = _replaced(function.body, part, argument)
            interval = infer_interval(part, scope)
            return Function(function.argument, body), replace(scope, claims={}).binding(function.argument, interval)
    return None


def _replaced(body: Expr, part: Expr, other: Expr) -> Expr:
    return rewrite(body, lambda node: other if node == part else node)


def _passages(body: Expr, argument: Var) -> Iterator[Expr]:
    """The parts, outer ones first, that contain every occurrence of the argument: the occurrences of the argument in
    such a part, times the occurrences of the part, give those in the whole."""
    parts = tuple(walk(body))
    inside: dict[Expr, int] = {}
    for part in parts:
        inside[part] = 1 if part == argument else sum(inside[child] for child in children(part))
    times = Counter({body: 1})
    for part in reversed(parts):
        for child in children(part):
            times[child] += times[part]
        if part != argument and inside[part] * times[part] == inside[body] > 0:
            yield part


def _rises_in_pieces(function: Function, scope: Scope, effort: Effort, pieces: int) -> bool:
    split = split_at_comparison(function, scope)
    if split is None or not all(proves_rising(side, within, effort, pieces - 1) for side, within in split.sides):
        return False
    if split.jump is None:
        return True
    jump = Simplifier(scope)(split.jump) if count_parts(split.jump) <= SIMPLIFIED else split.jump
    return not jumps(jump) and shows(jump, scope, NON_NEGATIVE, effort)


def proves_strictly_concave(regulariser: Function, scope: Scope, effort: Effort | None = None) -> bool:
    """Whether the slope of the function is proved strictly decreasing, by its direction or by the sign of the
    curvature."""
    effort = effort or Effort()
    argument = regulariser.argument
    if jumps(regulariser.body):
        return False
    slope = _slope(regulariser, scope)
    falling = infer_direction(slope, argument, scope) == Direction.FALLING
    if falling and is_strict(slope, argument, scope):
        return True
    curvature = _slope(Function(argument, slope), scope)
    return any(shows(form, scope, NEGATIVE, effort) for form in _forms(curvature, scope))


def is_nowhere_concave(regulariser: Function, scope: Scope) -> bool:
    """Whether the curvature is proved non-negative everywhere."""
    if jumps(regulariser.body):
        return False
    slope = _slope(regulariser, scope)
    return infer_interval(_slope(Function(regulariser.argument, slope), scope), scope).non_negative


def find_guilty(function: Function, scope: Scope) -> Guilt | None:
    """The part that keeps the function from increasing: descending from the whole through parts with the wrong
    direction, the last one whose own arguments are all increasing or constant."""
    directions = infer_directions(function.body, function.argument, scope)
    part, wanted = function.body, Direction.RISING
    intervals = infer_intervals(function.body, scope)
    while isinstance(part, Apply):
        outer = ATOMS[part.op].directions(*(intervals[arg] for arg in part.args))
        ways = zip(part.args, (composed(direction, wanted) for direction in outer), strict=True)
        astray = [(arg, way) for arg, way in ways if directions[arg] not in (Direction.CONSTANT, way)]
        inside = [(arg, way) for arg, way in astray if directions[arg] not in (Direction.RISING, Direction.CONSTANT)]
        if not inside or any(way == Direction.UNKNOWN for _, way in astray):
            break
        part, wanted = inside[0]
    return Guilt(part, directions[part], wanted) if getattr(part, "span", None) else None


def _slope(function: Function, scope: Scope) -> Expr:
    """The derivative, simplified unless it is so large that this would cost more than it gains."""
    slope = differentiate(function)
    return Simplifier(scope)(slope) if count_parts(slope) <= SIMPLIFIED else slope


def _forms(slope: Expr, scope: Scope) -> Iterator[Expr]:
    """Expressions with the same sign: the slope itself, and the slope without common positive factors."""
    yield slope
    if count_parts(slope) <= SIMPLIFIED:
        cleared = _cleared(slope, scope)
        if cleared != slope:
            yield cleared


def _cleared(slope: Expr, scope: Scope) -> Expr:
    """A sum divided by the exponential of its first term and by the lowest power of each positive base."""
    simplified = Simplifier(scope)
    terms = as_terms(slope, simplified)
    products = [as_product(mul(Num(scale), term), simplified) for term, scale in terms.items()]
    if len(products) < 2:
        return slope
    divisor: dict[Expr, Expr] = {}
    for base in {base: None for product in products for base in product.powers}:
        least = min((_exponent(product, base) for product in products), default=0.0)
        if math.isfinite(least) and least != 0 and infer_interval(base, scope).positive:
            divisor[base] = Num(-least)
    factor = Product(1.0, divisor, simplified(neg(products[0].exponential)))
    return simplified(add(*(from_product(multiply(product, factor, simplified)) for product in products)))


def _exponent(product: Product, base: Expr) -> float:
    """The power of a base in a product, minus infinity if it is not a number."""
    match product.powers.get(base, ZERO):
        case Num(value):
            return value
        case Apply("neg", (Num(value),)):
            return -value
        case _:
            return -math.inf
