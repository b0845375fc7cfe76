"""Proofs about functions of one number: that they are constant, that they rise, that they are strictly concave.

Means, each sound, tried in turn: the composition of directions, the sign of the simplified derivative on the whole
domain, the same on pieces of it, and the same once positive factors that all its terms share are divided out. What
none of them shows is not admitted. The effort is bounded by the size of the expression, not by the time it takes.
"""

import math
from collections.abc import Iterator

from alphadsl.ir.atoms import Direction
from alphadsl.ir.build import ZERO, add, mul, neg
from alphadsl.ir.facts import Scope, infer_direction, infer_directions, infer_interval, is_strict
from alphadsl.ir.interval import Interval
from alphadsl.ir.nodes import Apply, Expr, Function, Num
from alphadsl.ir.traversal import children, walk
from alphadsl.transform.canonical import Product, as_product, as_terms, from_product, multiply
from alphadsl.transform.differentiate import differentiate
from alphadsl.transform.simplify import Simplifier

PIECES = 256
EFFORT = 50_000
SIMPLIFIED = 120
JUMPING = frozenset({"where", "lt", "le", "gt", "ge", "eq"})


def is_constant(function: Function, scope: Scope) -> bool:
    """Whether the function is shown to be the same for all arguments; by its derivative, also where it is held."""
    direction = infer_direction(function.body, function.argument, scope)
    values = infer_interval(function.body, scope)
    if direction == Direction.CONSTANT or (values.point and math.isfinite(values.low)):
        return True
    return direction == Direction.UNKNOWN and not jumps(function.body) and _slope(function, scope) == ZERO


def proves_rising(function: Function, scope: Scope) -> bool:
    """Whether the function is non-decreasing on the interval of its argument."""
    direction = infer_direction(function.body, function.argument, scope)
    if direction == Direction.RISING:
        return True
    if direction == Direction.FALLING or jumps(function.body):
        return False
    slope = _slope(function, scope)
    return any(
        all(infer_interval(form, scope.binding(function.argument, piece)).non_negative for piece in pieces)
        for form in _forms(slope, scope)
        for pieces in _partitions(scope.variables[function.argument], form)
    )


def proves_strictly_concave(regulariser: Function, scope: Scope) -> bool:
    """Whether the slope of the function falls strictly: in direction, or by the sign of the curvature."""
    argument = regulariser.argument
    if jumps(regulariser.body):
        return False
    slope = _slope(regulariser, scope)
    falling = infer_direction(slope, argument, scope) == Direction.FALLING
    if falling and is_strict(slope, argument, scope):
        return True
    curvature = _slope(Function(argument, slope), scope)
    return any(
        all(infer_interval(form, scope.binding(argument, piece)).negative for piece in pieces)
        for form in _forms(curvature, scope)
        for pieces in _partitions(scope.variables[argument], form)
    )


def jumps(expr: Expr) -> bool:
    """Whether a comparison is part of it, so that a derivative says nothing about its steps."""
    return any(isinstance(part, Apply) and part.op in JUMPING for part in walk(expr))


def find_guilty(function: Function, scope: Scope) -> tuple[Expr, bool] | None:
    """The smallest part that does not rise although everything in it does, and whether it falls for certain."""
    directions = infer_directions(function.body, function.argument, scope)
    rising = (Direction.RISING, Direction.CONSTANT)
    for part in walk(function.body):
        innocent = all(directions[child] in rising for child in children(part))
        if innocent and directions[part] not in rising and getattr(part, "span", None):
            return part, directions[part] == Direction.FALLING
    return None


def size(expr: Expr) -> int:
    """How many different nodes there are: what one look at every part costs."""
    return sum(1 for _ in walk(expr))


def _slope(function: Function, scope: Scope) -> Expr:
    """The derivative; of a large one, simplification would cost more than it shows."""
    slope = differentiate(function)
    return Simplifier(scope)(slope) if size(slope) <= SIMPLIFIED else slope


def _forms(slope: Expr, scope: Scope) -> Iterator[Expr]:
    """Expressions of the same sign: the slope itself, and what is left of it without common positive factors."""
    yield slope
    if size(slope) <= SIMPLIFIED:
        cleared = _cleared(slope, scope)
        if cleared != slope:
            yield cleared


def _cleared(slope: Expr, scope: Scope) -> Expr:
    """A sum divided by the exponential of its first term and by the least power of each positive base."""
    simplified = Simplifier(scope)
    terms = as_terms(slope, simplified)
    products = [as_product(mul(Num(scale), term), simplified) for term, scale in terms.items()]
    if len(products) < 2:
        return slope
    divisor: dict[Expr, Expr] = {}
    for base in {base: None for each in products for base in each.powers}:
        least = min((_exponent(each, base) for each in products), default=0.0)
        if math.isfinite(least) and least != 0 and infer_interval(base, scope).positive:
            divisor[base] = Num(-least)
    factor = Product(1.0, divisor, simplified(neg(products[0].exponential)))
    return simplified(add(*(from_product(multiply(each, factor, simplified)) for each in products)))


def _exponent(product: Product, base: Expr) -> float:
    """The power of a base in a product, minus infinity if it is no number."""
    match product.powers.get(base, ZERO):
        case Num(value):
            return value
        case Apply("neg", (Num(value),)):
            return -value
        case _:
            return -math.inf


def _partitions(domain: Interval, expr: Expr) -> Iterator[tuple[Interval, ...]]:
    """The domain whole, and cut into ever smaller pieces, as far as the effort allows."""
    count, cost = 1, size(expr)
    while count <= PIECES and (count == 1 or count * cost <= EFFORT):
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
