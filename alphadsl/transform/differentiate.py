"""Derivatives: of a function by its argument, and of an anchor's loss by its distances, through the reductions.

The second is reverse accumulation on levels: a weight that flows from a pair expression to something that depends on
the row only is summed over j. So attract[i] and repel[i,j] are exact whatever the reductions are nested in.
"""

from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.build import COUNT, ONE, ZERO, add, apply, div, exp, mul, neg, share, sub, total
from alphadsl.ir.nodes import Apply, Distance, Expr, Function, Level, Over, Quantity, Reduce, Var
from alphadsl.ir.traversal import children, level_of, walk


def differentiate(function: Function) -> Expr:
    """The derivative of a function by its argument."""
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


def differentiate_by_distances(value: Expr) -> tuple[Expr, Expr]:
    """attract[i], the derivative by d[i]^2, and repel[i,j], minus the derivative by d[i,j]^2, of an anchor's value."""
    order = tuple(walk(value))
    depends = _dependents(order)
    weights: dict[Expr, Expr] = {value: ONE}
    for part in reversed(order):
        weight = weights.get(part)
        if weight is None or isinstance(part, Distance):
            continue
        for child, contribution in _contributions(part, weight):
            if child in depends:
                crossing = _inner_level(part) == Level.PAIR and level_of(child) < Level.PAIR
                arriving = total(contribution) if crossing else contribution
                weights[child] = add(weights[child], arriving) if child in weights else arriving
    return _gathered(weights)


def _gathered(weights: dict[Expr, Expr]) -> tuple[Expr, Expr]:
    """d[i]^2 - d[i,j]^2 passes its weight on to both distances."""
    gap = weights.get(Distance(Quantity.GAP), ZERO)
    attract = add(weights.get(Distance(Quantity.POSITIVE), ZERO), total(gap))
    repel = sub(gap, weights.get(Distance(Quantity.NEGATIVE), ZERO))
    return attract, repel


def _dependents(order: tuple[Expr, ...]) -> set[Expr]:
    found: set[Expr] = set()
    for part in order:
        held = isinstance(part, Apply) and part.op == "stopgrad"
        if isinstance(part, Distance) or (not held and any(child in found for child in children(part))):
            found.add(part)
    return found


def _inner_level(part: Expr) -> Level:
    return Level.PAIR if isinstance(part, Reduce) else level_of(part)


def _contributions(part: Expr, weight: Expr) -> tuple[tuple[Expr, Expr], ...]:
    match part:
        case Apply(op, args):
            partials = ATOMS[op].partials(*args)
            return tuple((arg, mul(weight, partial)) for arg, partial in zip(args, partials, strict=True))
        case Reduce(Over.SUM, body):
            return ((body, weight),)
        case Reduce(Over.MEAN, body):
            return ((body, div(weight, COUNT)),)
        case Reduce(Over.LOGSUMEXP, body):
            return ((body, mul(weight, exp(add(body, neg(part))))),)
        case Reduce(Over.MAX | Over.MIN, body):
            attained = apply("eq", body, part)
            return ((body, mul(weight, share(attained, total(attained)))),)
        case _:
            return ()
