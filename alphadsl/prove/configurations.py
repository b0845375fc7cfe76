"""Configurations that exist: distances of an anchor to its positive and negatives that some embeddings have.
Expressions are evaluated on them in interval arithmetic, so a value found outside an interval is certainly outside.

On the sphere, an anchor may have any distances with d^2 in [0, 2]. In Euclidean space, distances and inner products
come from lengths and angles. If a reduction runs over the batch, all anchors are alike: two samples, each with two
identical views. Numbers of negatives are even, which every index set allows.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from alphadsl.ir import interval as iv
from alphadsl.ir.facts import image_of
from alphadsl.ir.interval import REAL, Interval, point
from alphadsl.ir.kinds import Over, Quantity, Space
from alphadsl.ir.nodes import Anchors, Apply, Count, Distance, Expr, Num, Param, Pool, Reduce, Var
from alphadsl.ir.rounding import around
from alphadsl.ir.traversal import walk

Values = tuple[Interval, ...]

SQUARED = (2.0, 0.0, 1.0, 0.5, 1.5, 0.25, 1.25, 0.75, 1.75, 0.0625, 1.9375)
LENGTHS = (1.0, 0.0, 2.0, 0.5, 8.0, 64.0, 1024.0)
COSINES = (1.0, -1.0, 0.0, 0.5)
COUNTS = (2.0, 10.0, 1000.0)


@dataclass(frozen=True)
class Scene:
    """An anchor: its distances and inner products to its positive and to each kind of negative, and the total number of
    negatives, which is the same for each kind."""

    positive: Mapping[Quantity, float]
    negatives: tuple[Mapping[Quantity, float], ...]
    count: float

    def of(self, quantity: Quantity) -> tuple[float, ...]:
        match quantity:
            case Quantity.GAP:
                near = self.positive[Quantity.POSITIVE]
                return tuple(near - negative[Quantity.NEGATIVE] for negative in self.negatives)
            case Quantity.POSITIVE | Quantity.INNER_POSITIVE:
                return (self.positive[quantity],) * len(self.negatives)
            case _:
                return tuple(negative[quantity] for negative in self.negatives)


def scenes_for(space: Space, *exprs: Expr) -> Iterator[Scene]:
    """Scenes that differ in the quantities that the expressions use, simple ones first."""
    parts = tuple(part for expr in exprs for part in walk(expr))
    used = {part.of for part in parts if isinstance(part, Distance)}
    reduces = any(isinstance(part, Reduce) for part in parts)
    adds = any(isinstance(part, Count) or (isinstance(part, Reduce) and part.over in ADDING) for part in parts)
    pools = any(isinstance(part, Pool) for part in parts)
    pairs = [*_pairs(space)]
    near = pairs if used & {Quantity.POSITIVE, Quantity.INNER_POSITIVE, Quantity.GAP} else pairs[:1]
    far = pairs if used - {Quantity.POSITIVE, Quantity.INNER_POSITIVE} else pairs[:1]
    if pools:
        yield from _alike(space)
        return
    for count in COUNTS if adds else COUNTS[:1]:
        for positive, negative in product(near, far):
            yield Scene(_as_positive(positive), (negative,), count)
    if reduces:
        for count, positive, first, second in product(COUNTS if adds else COUNTS[:1], near[:4], far, far):
            if first != second:
                yield Scene(_as_positive(positive), (first, second), count)


def evaluate(
    expr: Expr, scene: Scene, parameters: Mapping[str, float], variables: Mapping[str, float] | None = None
) -> Values:
    """The expression for each kind of negative, each as an interval that contains its value."""
    kinds = range(len(scene.negatives))
    intervals: list[dict[Expr, Interval]] = [{} for _ in kinds]
    for part in walk(expr):
        values = _leaf(part, scene, parameters, variables or {})
        match part:
            case Reduce(over, body):
                values = (_reduced(over, [intervals[kind][body] for kind in kinds], scene.count),) * len(kinds)
            case Pool(over, body):
                values = (_reduced(over, [intervals[0][body]], 2.0 * len(kinds) + 2.0),) * len(kinds)
            case Apply():
                values = tuple(image_of(part, intervals[kind]) for kind in kinds)
            case _:
                pass
        for kind in kinds:
            intervals[kind][part] = values[kind]
    return tuple(intervals[kind][expr] for kind in kinds)


ADDING = (Over.SUM, Over.LOGSUMEXP)


def _leaf(part: Expr, scene: Scene, parameters: Mapping[str, float], variables: Mapping[str, float]) -> Values:
    match part:
        case Num(value):
            values: Values = (point(value),)
        case Param(name) if name in parameters:
            values = (point(parameters[name]),)
        case Var(name) if name in variables:
            values = (point(variables[name]),)
        case Distance(of):
            return tuple(point(value) for value in scene.of(of))
        case Count():
            values = (point(scene.count),)
        case Anchors():
            values = (point(4.0),)
        case _:
            values = (REAL,)
    return values * len(scene.negatives)


def _reduced(over: Over, bodies: list[Interval], count: float) -> Interval:
    """A reduction over `count` values, of which each body represents an equal number."""
    share = point(count / len(bodies))
    match over:
        case Over.MAX:
            return Interval(max(body.low for body in bodies), max(body.high for body in bodies))
        case Over.MIN:
            return Interval(min(body.low for body in bodies), min(body.high for body in bodies))
        case Over.LOGSUMEXP:
            level = max(body.high for body in bodies)
            if not math.isfinite(level):
                return REAL
            total = point(0.0)
            for body in bodies:
                low, high = iv.added(body, point(-level)).low, iv.added(body, point(-level)).high
                total = iv.added(total, Interval(max(0.0, around(math.exp(low))[0]), around(math.exp(high))[1]))
            total = iv.multiplied(total, share)
            if total.low <= 0:
                return REAL
            return iv.added(point(level), Interval(around(math.log(total.low))[0], around(math.log(total.high))[1]))
        case _:
            total = point(0.0)
            for body in bodies:
                total = iv.added(total, body)
            return iv.divided(total, point(float(len(bodies)))) if over == Over.MEAN else iv.multiplied(total, share)


def _pairs(space: Space) -> Iterator[Mapping[Quantity, float]]:
    """Possible distances and inner products of an anchor to one other embedding."""
    if space == Space.SPHERE:
        yield from ({Quantity.NEGATIVE: value} for value in SQUARED)
        return
    for length, cosine in product(LENGTHS, COSINES):
        yield _in_the_plane(1.0, length, cosine)


def _in_the_plane(own: float, length: float, cosine: float) -> Mapping[Quantity, float]:
    inner = own * length * cosine
    return {Quantity.NEGATIVE: (own * own + length * length) / 2 - inner, Quantity.INNER_NEGATIVE: inner}


def _as_positive(pair: Mapping[Quantity, float]) -> Mapping[Quantity, float]:
    names = {Quantity.NEGATIVE: Quantity.POSITIVE, Quantity.INNER_NEGATIVE: Quantity.INNER_POSITIVE}
    return {names[of]: value for of, value in pair.items()}


def _alike(space: Space) -> Iterator[Scene]:
    """Batches of two samples, each with two identical views."""
    if space == Space.SPHERE:
        for value in SQUARED:
            yield Scene({Quantity.POSITIVE: 0.0}, ({Quantity.NEGATIVE: value},), 2.0)
        return
    for length, cosine in product(LENGTHS, COSINES):
        yield Scene(_as_positive(_in_the_plane(length, length, 1.0)), (_in_the_plane(length, length, cosine),), 2.0)
