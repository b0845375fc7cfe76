"""What is known about an expression without numbers: the interval it lies in, and whether it increases or decreases.

One composition rule serves every built-in: the interval of a node is the atom's image of its arguments' intervals, and
its direction in a variable is the join, over its arguments, of the atom's direction composed with the argument's.
This is disciplined convex programming (Grant, Boyd, Ye 2006), applied to sign and monotonicity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from alphadsl.ir import interval as iv
from alphadsl.ir.atoms import ATOMS, Direction
from alphadsl.ir.guards import claims_of, narrowed
from alphadsl.ir.interval import INFINITY, NON_NEGATIVE, REAL, UNIT, Interval, overlap, point
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
from alphadsl.ir.relations import difference, fraction, rises_as_a_share
from alphadsl.ir.traversal import children, nesting_of, walk

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

# A branch is analysed again under each enclosing condition, up to this many, and fewer in deeply nested `where`s: the
# work is the product of both.
MOST_NESTED = 3
NESTED_EFFORT = 12


@dataclass(frozen=True)
class Scope:
    """The intervals of parameters, of function arguments, and of the distances of the space.

    Inside a branch of a `where`, `claims` are the intervals that its condition implies for expressions at this pair.
    For other pairs, which a reduction runs over, only the distances `elsewhere` are known.
    """

    parameters: Mapping[str, Interval] = field(default_factory=dict)
    variables: Mapping[str, Interval] = field(default_factory=dict)
    distances: Distances = field(default_factory=lambda: SPHERE)
    claims: Mapping[Expr, Interval] = field(default_factory=dict)
    elsewhere: Distances | None = None
    guards: tuple[tuple[Expr, bool], ...] = ()

    def binding(self, variable: str, interval: Interval) -> "Scope":
        return replace(self, variables={**self.variables, variable: interval})

    def assuming(self, condition: Expr, holds: bool, known: Mapping[Expr, Interval]) -> "Scope":
        """The scope in the branch of a `where` that is taken if the condition holds, or if it fails."""
        claims = narrowed(claims_of(condition, holds, known.__getitem__), self.claims)
        guards = (*self.guards, (condition, holds))
        parameters, variables, distances = dict(self.parameters), dict(self.variables), dict(self.distances)
        for expr, interval in claims.items():
            match expr:
                case Param(name):
                    parameters[name] = interval
                case Var(name):
                    variables[name] = interval
                case Distance(of):
                    distances[of] = interval
                case _:
                    pass
        return Scope(parameters, variables, distances, claims, self.elsewhere or self.distances, guards)

    def near(self, distances: Distances) -> "Scope":
        """The scope with these distances for this pair; those of other pairs stay the same."""
        return replace(self, distances=distances, elsewhere=self.elsewhere or self.distances)

    @property
    def reduced(self) -> "Scope":
        """The scope inside a reduction, which also runs over other pairs."""
        if self.elsewhere is None:
            return self
        return replace(self, distances=self.elsewhere, elsewhere=None, claims={}, guards=())


def infer_interval(expr: Expr, scope: Scope) -> Interval:
    """An interval that contains every value the expression can take."""
    return infer_intervals(expr, scope)[expr]


def infer_intervals(expr: Expr, scope: Scope, order: Iterable[Expr] | None = None) -> dict[Expr, Interval]:
    """The interval of every part; `order` is the order of `walk`, if the caller has it already."""
    intervals: dict[Expr, Interval] = {}
    for part in walk(expr) if order is None else order:
        image = _image(part, intervals, scope)
        claim = scope.claims.get(part) if scope.claims else None
        intervals[part] = _both(image, claim) if claim else image
    return intervals


def infer_direction(expr: Expr, variable: str, scope: Scope) -> Direction:
    """How the expression changes when the variable grows and everything else is held fixed."""
    return infer_directions(expr, variable, scope)[expr]


def infer_directions(expr: Expr, variable: str, scope: Scope) -> dict[Expr, Direction]:
    intervals = infer_intervals(expr, scope)
    directions: dict[Expr, Direction] = {}
    for part in walk(expr):
        match part:
            case Var(name) if name == variable:
                directions[part] = Direction.RISING
            case Apply("div", (above, below)) if rises_as_a_share(above, below, directions, intervals):
                directions[part] = directions[above]
            case Apply(op, args):
                outer = ATOMS[op].directions(*(intervals[arg] for arg in args))
                joined = Direction.CONSTANT
                for arg, direction in zip(args, outer, strict=True):
                    joined |= composed(direction, directions[arg])
                directions[part] = joined
            case _:
                moving = any(directions[child] for child in children(part))
                directions[part] = Direction.UNKNOWN if moving else Direction.CONSTANT
    return directions


def is_strict(expr: Expr, variable: str, scope: Scope) -> bool:
    """Whether a monotone expression is strictly monotone in the variable: on some path from the variable to the whole
    expression, no partial derivative can be 0."""
    moving: dict[Expr, bool] = {}
    for part in walk(expr):
        match part:
            case Apply(op, args) if any(moving[arg] for arg in args):
                rates = zip(args, ATOMS[op].partials(*args), strict=True)
                moving[part] = any(moving[arg] and 0.0 not in infer_interval(rate, scope) for arg, rate in rates)
            case _:
                moving[part] = isinstance(part, Var) and part.name == variable
    return moving[expr]


def composed(outer: Direction, inner: Direction) -> Direction:
    match outer, inner:
        case (Direction.CONSTANT, _) | (_, Direction.CONSTANT):
            return Direction.CONSTANT
        case (Direction.UNKNOWN, _) | (_, Direction.UNKNOWN):
            return Direction.UNKNOWN
        case _:
            return Direction.RISING if outer == inner else Direction.FALLING


def _image(part: Expr, intervals: Mapping[Expr, Interval], scope: Scope) -> Interval:
    if isinstance(part, Apply):
        if part.op != "where" or len(scope.guards) >= min(MOST_NESTED, max(1, NESTED_EFFORT // nesting_of(part))):
            return image_of(part, intervals)
        yes, no = (_branch(part, holds, intervals, scope) for holds in (True, False))
        return ATOMS["where"].image(intervals[part.args[0]], yes, no)
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
        case Reduce(over, body) | Pool(over, body) | Gather(over, body):
            inside = intervals[body] if scope.elsewhere is None else infer_interval(body, scope.reduced)
            return reduced_interval(over, inside)
        case Inverse():
            return UNIT
        case Importance(_, interval):
            return interval
        case Statistic() | Multiplier():
            return REAL


def _both(a: Interval, b: Interval) -> Interval:
    """The overlap of two intervals for one value; the first if they contradict each other, as in a branch that is never
    taken."""
    return a if b is REAL else overlap(a, b) or a


def _squared(a: Interval) -> Interval:
    return ATOMS["pow"].image(a, point(2.0))


def image_of(part: Apply, intervals: Mapping[Expr, Interval]) -> Interval:
    """The interval of an application, from those of its arguments."""
    op, args = part.op, part.args
    if op == "add":
        return _both(iv.added(intervals[args[0]], intervals[args[1]]), difference(part, intervals))
    if op == "mul" and args[0] == args[1]:
        return _squared(intervals[args[0]])
    image = ATOMS[op].image(*[intervals[arg] for arg in args])
    return _both(image, fraction(args[0], args[1], intervals)) if op == "div" else image


def _branch(where: Apply, holds: bool, intervals: Mapping[Expr, Interval], scope: Scope) -> Interval:
    """The interval of a branch, over the arguments for which it is taken."""
    condition, branch = where.args[0], where.args[1 if holds else 2]
    inner = scope.assuming(condition, holds, intervals)
    return infer_interval(branch, inner) if inner.claims else intervals[branch]


def reduced_interval(over: Over, body: Interval) -> Interval:
    """The interval of a reduction whose terms lie in the interval `body`."""
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
