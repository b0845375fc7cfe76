"""Whether near negatives weigh more: the direction of alpha[i,j] in its distance d[i,j].

All negatives of an anchor share what depends only on the row. It is held constant, as a number in a known interval, so
that alpha[i,j] becomes a function of one distance. Comparisons jump in only one direction, so they are treated as
ramps.
"""

from collections.abc import Mapping

from alphadsl.ir.atoms import Direction
from alphadsl.ir.build import apply, neg, sub
from alphadsl.ir.facts import Scope, infer_direction, infer_interval
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Level, Quantity
from alphadsl.ir.nodes import Apply, Distance, Expr, Function, Num, Param, Var
from alphadsl.ir.traversal import children, level_of, mentions, rebuild, rewrite, walk
from alphadsl.prove.functions import proves_rising
from alphadsl.prove.search import jumps

DISTANCE = "distance"


def infer_order(repel: Expr, scope: Scope) -> Direction:
    """How alpha[i,j] changes within a row as d[i,j] increases, or as s[i,j] decreases if only that is used."""
    used = {part.of for part in walk(repel) if isinstance(part, Distance)}
    if {Quantity.INNER_NEGATIVE} < used & {Quantity.INNER_NEGATIVE, Quantity.NEGATIVE, Quantity.GAP}:
        return Direction.UNKNOWN
    held = _Held(scope)
    alpha = held.visit(repel)
    if not mentions(alpha, DISTANCE):
        return Direction.CONSTANT
    of = Quantity.INNER_NEGATIVE if Quantity.INNER_NEGATIVE in used else Quantity.NEGATIVE
    inside = Scope({**scope.parameters, **held.intervals}).binding(DISTANCE, scope.distances[of])
    direction = infer_direction(rewrite(alpha, _ramp), DISTANCE, inside)
    if direction != Direction.UNKNOWN or jumps(alpha):
        return direction
    for direction, form in ((Direction.FALLING, neg(alpha)), (Direction.RISING, alpha)):
        if proves_rising(Function(DISTANCE, form), inside):
            return direction
    return Direction.UNKNOWN


def uses_products(repel: Expr) -> bool:
    """Whether alpha depends on inner products, which in Euclidean space do not determine distances."""
    return any(isinstance(part, Distance) and part.of == Quantity.INNER_NEGATIVE for part in walk(repel))


class _Held:
    """Rewrites a pair expression as a function of one distance; `intervals` are those of what is held constant."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._names: dict[Expr, Param] = {}
        self.intervals: dict[str, Interval] = {}

    def visit(self, expr: Expr) -> Expr:
        match expr:
            case Num() | Param():
                return expr
            case _ if level_of(expr) < Level.PAIR:
                return self._hold(expr)
            case Distance(Quantity.NEGATIVE):
                return Var(DISTANCE)
            case Distance(Quantity.INNER_NEGATIVE):
                return neg(Var(DISTANCE))
            case Distance():
                return sub(self._hold(Distance(Quantity.POSITIVE)), Var(DISTANCE))
            case _:
                return rebuild(expr, tuple(self.visit(child) for child in children(expr)))

    def _hold(self, expr: Expr) -> Param:
        if expr not in self._names:
            name = f"held {len(self._names)}"
            self._names[expr] = Param(name)
            self.intervals[name] = infer_interval(expr, self._scope)
        return self._names[expr]


RAMPS: Mapping[str, tuple[int, int]] = {"gt": (0, 1), "ge": (0, 1), "lt": (1, 0), "le": (1, 0)}


def _ramp(part: Expr) -> Expr:
    match part:
        case Apply(op, args) if op in RAMPS:
            more, less = RAMPS[op]
            return apply("relu", sub(args[more], args[less]))
        case _:
            return part
