"""What can be known of an expression without numbers: the interval it lies in, and the direction it moves in.

One composition rule serves every built-in: the interval of a node is the atom's image of its arguments' intervals, and
its direction in a variable is the join, over its arguments, of the atom's direction there with the argument's own.
The rule is the discipline of convex modelling (Grant, Boyd, Ye 2006) used for sign and monotonicity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from alphadsl.ir.atoms import ATOMS, Direction, Domain
from alphadsl.ir.interval import INFINITY, NON_NEGATIVE, REAL, UNIT, Interval, ends_within, point, starts_within
from alphadsl.ir.kinds import Over, Quantity, Space
from alphadsl.ir.nodes import (
    Anchors,
    Apply,
    Count,
    Distance,
    Expr,
    Gather,
    Importance,
    Inverse,
    Multiplier,
    Num,
    Param,
    Pool,
    Reduce,
    Statistic,
    Var,
)
from alphadsl.ir.traversal import children, walk

Distances = Mapping[Quantity, Interval]

SPHERE: Distances = {
    Quantity.POSITIVE: Interval(0.0, 2.0),
    Quantity.NEGATIVE: Interval(0.0, 2.0),
    Quantity.GAP: Interval(-2.0, 2.0),
}
EUCLIDEAN: Distances = {
    Quantity.POSITIVE: NON_NEGATIVE,
    Quantity.NEGATIVE: NON_NEGATIVE,
    Quantity.GAP: REAL,
    Quantity.INNER_POSITIVE: REAL,
    Quantity.INNER_NEGATIVE: REAL,
}
SPACES: Mapping[Space, Distances] = {Space.SPHERE: SPHERE, Space.EUCLIDEAN: EUCLIDEAN}
COUNTS = Interval(1.0, INFINITY, False, True)


@dataclass(frozen=True)
class Scope:
    """The intervals of parameters, of function arguments, and of the distances of the space."""

    parameters: Mapping[str, Interval] = field(default_factory=dict)
    variables: Mapping[str, Interval] = field(default_factory=dict)
    distances: Distances = field(default_factory=lambda: SPHERE)

    def binding(self, variable: str, interval: Interval) -> "Scope":
        return replace(self, variables={**self.variables, variable: interval})


@dataclass(frozen=True)
class Blame:
    """The smallest expression that breaks a rule, and the interval or direction it has instead."""

    expr: Apply
    found: Interval
    domain: Domain


def infer_interval(expr: Expr, scope: Scope) -> Interval:
    """An interval that contains every value the expression can take."""
    return infer_intervals(expr, scope)[expr]


def infer_intervals(expr: Expr, scope: Scope) -> dict[Expr, Interval]:
    found: dict[Expr, Interval] = {}
    for part in walk(expr):
        found[part] = _image(part, found, scope)
    return found


def infer_direction(expr: Expr, variable: str, scope: Scope) -> Direction:
    """How the expression moves when the variable grows, everything else held still."""
    return infer_directions(expr, variable, scope)[expr]


def infer_directions(expr: Expr, variable: str, scope: Scope) -> dict[Expr, Direction]:
    intervals = infer_intervals(expr, scope)
    found: dict[Expr, Direction] = {}
    for part in walk(expr):
        match part:
            case Var(name) if name == variable:
                found[part] = Direction.RISING
            case Apply(op, args):
                outer = ATOMS[op].directions(*(intervals[arg] for arg in args))
                joined = Direction.CONSTANT
                for arg, direction in zip(args, outer, strict=True):
                    joined |= _composed(direction, found[arg])
                found[part] = joined
            case _:
                moving = any(found[child] for child in children(part))
                found[part] = Direction.UNKNOWN if moving else Direction.CONSTANT
    return found


def find_domain_fault(expr: Expr, scope: Scope) -> Blame | None:
    """The first application of a built-in outside its domain, innermost first."""
    intervals = infer_intervals(expr, scope)
    for part in walk(expr):
        if not isinstance(part, Apply):
            continue
        found = tuple(intervals[arg] for arg in part.args)
        domain = ATOMS[part.op].domain(*found)
        if domain is not None and not _within(found[domain.argument], domain.allowed):
            return Blame(part, found[domain.argument], domain)
    return None


def is_strict(expr: Expr, variable: str, scope: Scope) -> bool:
    """Whether an expression of one direction moves whenever the variable does: on some path from the variable to the
    whole, no partial derivative can be 0."""
    moving: dict[Expr, bool] = {}
    for part in walk(expr):
        match part:
            case Apply(op, args) if any(moving[arg] for arg in args):
                rates = zip(args, ATOMS[op].partials(*args), strict=True)
                moving[part] = any(moving[arg] and 0.0 not in infer_interval(rate, scope) for arg, rate in rates)
            case _:
                moving[part] = isinstance(part, Var) and part.name == variable
    return moving[expr]


def _within(inner: Interval, outer: Interval) -> bool:
    return starts_within(inner, outer) and (ends_within(inner, outer) or outer.high == INFINITY)


def _composed(outer: Direction, inner: Direction) -> Direction:
    match outer, inner:
        case (Direction.CONSTANT, _) | (_, Direction.CONSTANT):
            return Direction.CONSTANT
        case (Direction.UNKNOWN, _) | (_, Direction.UNKNOWN):
            return Direction.UNKNOWN
        case _:
            return Direction.RISING if outer == inner else Direction.FALLING


def _image(part: Expr, found: Mapping[Expr, Interval], scope: Scope) -> Interval:
    match part:
        case Num(value):
            return point(value)
        case Param(name):
            return scope.parameters.get(name, REAL)
        case Var(name):
            return scope.variables.get(name, REAL)
        case Distance(of):
            return scope.distances[of]
        case Count() | Anchors():
            return COUNTS
        case Apply("mul", (a, b)) if a == b:
            return _squared(found[a])
        case Apply(op, args):
            return ATOMS[op].image(*(found[arg] for arg in args))
        case Reduce(over, body) | Pool(over, body) | Gather(over, body):
            return _reduced(over, found[body])
        case Inverse():
            return UNIT
        case Importance(_, interval):
            return interval
        case Statistic() | Multiplier():
            return REAL


def _squared(a: Interval) -> Interval:
    return ATOMS["pow"].image(a, point(2.0))


def _reduced(over: Over, body: Interval) -> Interval:
    match over:
        case Over.MEAN | Over.MAX | Over.MIN:
            return body
        case Over.LOGSUMEXP:
            return Interval(body.low, INFINITY, body.low_open, True)
        case Over.SUM if body.non_negative:
            high = 0.0 if body.high == 0 else INFINITY
            return Interval(body.low, high, body.low_open, high == INFINITY)
        case Over.SUM if body.non_positive:
            return Interval(-INFINITY, body.high, True, body.high_open)
        case _:
            return REAL
