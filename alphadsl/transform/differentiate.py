"""Derivatives of a function with respect to its argument, and of an anchor's loss with respect to its distances,
through the reductions.

The latter is reverse accumulation on levels: a weight that flows from a pair expression to an expression of the row is
summed over j, and one that flows on to an expression of the whole batch is summed over i. So attract[i] and repel[i,j]
are exact, however reductions are nested.
"""

from collections.abc import Collection
from dataclasses import dataclass

from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.build import ANCHORS, COUNT, ONE, ZERO, add, apply, div, exp, mul, neg, over_anchors, share, sub, total
from alphadsl.ir.kinds import Level, Over, Quantity
from alphadsl.ir.nodes import Apply, Distance, Expr, Function, Param, Pool, Reduce, Var
from alphadsl.ir.traversal import children, level_of, walk


def differentiate(function: Function) -> Expr:
    """The derivative of a function with respect to its argument."""
    derivatives: dict[Expr, Expr] = {}
    for part in walk(function.body):
        match part:
            case Var(name) if name == function.argument:
                derivatives[part] = ONE
            case Apply(op, args):
                partials = ATOMS[op].partials(*args)
                moving = [
                    mul(partial, derivatives[arg])
                    for partial, arg in zip(partials, args, strict=True)
                    if derivatives[arg] != ZERO
                ]
                derivatives[part] = add(*moving) if moving else ZERO
            case _:
                derivatives[part] = ZERO
    return derivatives[function.body]


@dataclass(frozen=True)
class Sensitivity:
    """The derivatives of the sum of all anchors' values, as expressions of an anchor or a pair.

    `distance` and `inner` hold the derivatives with respect to d^2 and to s, each for the positive and for a negative.
    """

    distance: tuple[Expr, Expr]
    inner: tuple[Expr, Expr]
    parameters: dict[str, Expr]

    @property
    def attract(self) -> Expr:
        """The weight that pulls an anchor to its positive; inner products count with the opposite sign, since they grow
        as the squared distance falls."""
        return sub(self.distance[0], self.inner[0])

    @property
    def repel(self) -> Expr:
        return sub(self.inner[1], self.distance[1])

    @property
    def radial(self) -> tuple[Expr, Expr]:
        """The parts of attract and repel that come from distances."""
        return self.distance[0], neg(self.distance[1])


def differentiate_anchors(value: Expr, learned: Collection[str]) -> Sensitivity:
    """The derivatives of the sum of a value over anchors, with respect to its distances and learned parameters."""
    order = tuple(walk(value))
    depends = _dependents(order, learned)
    weights: dict[Expr, Expr] = {value: ONE if level_of(value) >= Level.ROW else ANCHORS}
    slopes: dict[str, Expr] = {}
    for part in reversed(order):
        weight = weights.get(part)
        if weight is None or isinstance(part, Distance | Param):
            continue
        for child, contribution in _contributions(part, weight):
            match child:
                case Param(name) if child in depends:
                    slope = _per_anchor(contribution, _inner_level(part))
                    slopes[name] = add(slopes[name], slope) if name in slopes else slope
                case _ if child in depends:
                    arriving = _gathered(contribution, _inner_level(part), level_of(child))
                    weights[child] = add(weights[child], arriving) if child in weights else arriving
    return _sensitivity(weights, slopes, learned)


def _sensitivity(weights: dict[Expr, Expr], slopes: dict[str, Expr], learned: Collection[str]) -> Sensitivity:
    """Collect the weights; that of d[i]^2 - d[i,j]^2 counts for both distances."""

    def weight(of: Quantity) -> Expr:
        return weights.get(Distance(of), ZERO)

    gap = weight(Quantity.GAP)
    return Sensitivity(
        (add(weight(Quantity.POSITIVE), total(gap)), sub(weight(Quantity.NEGATIVE), gap)),
        (weight(Quantity.INNER_POSITIVE), weight(Quantity.INNER_NEGATIVE)),
        {name: slopes.get(name, ZERO) for name in learned},
    )


def _gathered(contribution: Expr, source: Level, target: Level) -> Expr:
    """A weight that flows to an expression with fewer indices is summed over the others; for a constant, it stays one
    value per anchor."""
    if target == Level.CONSTANT:
        return _per_anchor(contribution, source)
    if source == Level.PAIR and target < Level.PAIR:
        contribution = total(contribution)
    return over_anchors(contribution) if source >= Level.ROW > target else contribution


def _per_anchor(contribution: Expr, source: Level) -> Expr:
    """An anchor's part of the derivative with respect to a parameter; that of the whole batch is shared evenly."""
    match source:
        case Level.PAIR:
            return total(contribution)
        case Level.BATCH:
            return div(contribution, ANCHORS)
        case _:
            return contribution


def _dependents(order: tuple[Expr, ...], learned: Collection[str]) -> set[Expr]:
    dependents: set[Expr] = set()
    for part in order:
        held = isinstance(part, Apply) and part.op == "stopgrad"
        leaf = isinstance(part, Distance) or (isinstance(part, Param) and part.name in learned)
        if leaf or (not held and any(child in dependents for child in children(part))):
            dependents.add(part)
    return dependents


def _inner_level(part: Expr) -> Level:
    """The level at which a part uses its children."""
    match part:
        case Reduce():
            return Level.PAIR
        case Pool():
            return Level.ROW
        case _:
            return level_of(part)


def _contributions(part: Expr, weight: Expr) -> tuple[tuple[Expr, Expr], ...]:
    match part:
        case Apply(op, args):
            partials = ATOMS[op].partials(*args)
            return tuple((arg, mul(weight, partial)) for arg, partial in zip(args, partials, strict=True))
        case Reduce(Over.SUM, body) | Pool(Over.SUM, body):
            return ((body, weight),)
        case Reduce(Over.MEAN, body):
            return ((body, div(weight, COUNT)),)
        case Pool(Over.MEAN, body):
            return ((body, div(weight, ANCHORS)),)
        case Reduce(Over.LOGSUMEXP, body) | Pool(Over.LOGSUMEXP, body):
            return ((body, mul(weight, exp(add(body, neg(part))))),)
        case Reduce(Over.MAX | Over.MIN, body):
            attained = apply("eq", body, part)
            return ((body, mul(weight, share(attained, total(attained)))),)
        case _:
            return ()
