"""Branch and bound: whether an expression stays in an interval for all parameters, arguments and distances.

A box, which is a scope, is split until interval arithmetic proves the claim on each piece, or the effort is spent. On a
piece where the expression is monotone in a variable, only the ends of that variable are evaluated. Every step is sound;
a claim that is not proved stays open.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from alphadsl.ir.domains import is_within
from alphadsl.ir.facts import Scope, infer_interval, reduced_interval
from alphadsl.ir.interval import Interval, hull, overlap, point
from alphadsl.ir.kinds import Over
from alphadsl.ir.nodes import Apply, Distance, Expr, Function, Importance, Pool, Reduce, Var
from alphadsl.ir.traversal import children, count_parts, occurrences, rewrite, walk
from alphadsl.prove.boxes import Leaf, halves, interval_in, is_leaf, middle_of, spread, with_leaf
from alphadsl.transform.differentiate import differentiate
from alphadsl.transform.simplify import Simplifier

EFFORT = 12_000
SIMPLIFIED = 120
MOST_LEAVES = 6
ROUNDS = 24
CONDITION = 20
JUMPING = frozenset({"where", "lt", "le", "gt", "ge", "eq"})


@dataclass
class Effort:
    """The remaining budget for one loss, counted in visits to nodes of expressions, which bounds the time."""

    left: int = EFFORT

    def affords(self, cost: int) -> bool:
        self.left -= cost
        return self.left >= 0


def shows(expr: Expr, scope: Scope, allowed: Interval, effort: Effort) -> bool:
    """Whether the expression is proved to lie in the allowed interval."""
    if is_within(infer_interval(expr, scope), allowed):
        return True
    match expr:
        case Reduce(Over.MEAN | Over.MAX | Over.MIN, body) | Pool(Over.MEAN | Over.MAX | Over.MIN, body):
            return shows(body, scope.reduced, allowed, effort)
        case Reduce(Over.SUM, body) | Pool(Over.SUM, body) if allowed.low == 0 and is_within(Interval(1, 2), allowed):
            return shows(body, scope.reduced, allowed, effort)
        case _:
            inclusion = Inclusion.of(expr, scope, effort)
            return inclusion is not None and _covers(inclusion, scope, allowed, effort)


def bound(expr: Expr, scope: Scope, effort: Effort) -> Interval:
    """An interval that contains every value; `effort` is spent on making it tighter than `infer_interval`."""
    interval = infer_interval(expr, scope)
    match expr:
        case Reduce(over, body) | Pool(over, body):
            whole = reduced_interval(over, bound(body, scope.reduced, effort))
            return overlap(interval, whole) or interval
        case _:
            inclusion = Inclusion.of(expr, scope, effort)
            return (overlap(interval, _bounded(inclusion, scope, effort)) or interval) if inclusion else interval


def jumps(expr: Expr) -> bool:
    """Whether the expression contains a comparison, so that its derivative does not show its jumps."""
    return any(isinstance(part, Apply) and part.op in JUMPING for part in walk(expr))


def _cost(expr: Expr) -> int:
    """Like `count_parts`, plus the cost of conditions, whose claims are derived again on every box."""
    return count_parts(expr) + CONDITION * sum(
        1 for part in walk(expr) if isinstance(part, Apply) and part.op == "where"
    )


@dataclass(frozen=True)
class Inclusion:
    """An inclusion function of interval analysis (Moore 1966): an expression, the leaves worth splitting, its
    derivatives with respect to them, and the intervals of its reductions."""

    expr: Expr
    leaves: tuple[Leaf, ...]
    slopes: Mapping[Leaf, Expr]
    reductions: Mapping[Expr, Interval] = field(default_factory=dict)
    cost: int = 1

    @staticmethod
    def of(expr: Expr, scope: Scope, effort: Effort) -> "Inclusion | None":
        """The inclusion function of an expression in which some leaf occurs twice; None for others, whose interval is
        already exact, and for expressions that are too expensive."""
        expr = rewrite(expr, _released)
        times = Counter(_leaves(expr))
        leaves = tuple(leaf for leaf, count in times.items() if count > 1 and not interval_in(scope, leaf).point)
        cost = count_parts(expr)
        if not leaves or len(leaves) > MOST_LEAVES or not effort.affords(cost):
            return None
        smooth = () if jumps(expr) or cost > SIMPLIFIED else leaves
        slopes = {leaf: slope for leaf in smooth if (slope := _slope(expr, leaf, scope)) is not None}
        bounded = {reduction: bound(reduction, scope, effort) for reduction in _reductions(expr)}
        return Inclusion(
            expr, leaves, slopes, bounded, 3 * _cost(expr) + sum(count_parts(slope) for slope in slopes.values())
        )

    def within(self, box: Scope) -> Interval:
        """The interval of the expression on a box, from its parts and from its monotonicity."""
        box = replace(box, claims={**self.reductions, **box.claims})
        interval = infer_interval(self.expr, box)
        everywhere = replace(box, claims=self.reductions)  # what a guard lets through may end before the box does
        directions = {leaf: infer_interval(slope, everywhere) for leaf, slope in self.slopes.items()}
        low, low_open = self._at_ends(everywhere, directions, rising=True)
        high, high_open = self._at_ends(everywhere, directions, rising=False)
        moved = Interval(low.low, high.high, low.low_open or low_open, high.high_open or high_open)
        return overlap(interval, moved) or interval

    def _at_ends(self, box: Scope, directions: Mapping[Leaf, Interval], rising: bool) -> tuple[Interval, bool]:
        """The expression with each leaf in which it is monotone at the end that makes it smallest (`rising`) or
        largest, and whether such an end is open, so that the value is never attained."""
        never, moved = False, box
        for leaf, slope in directions.items():
            interval = interval_in(box, leaf)
            if not (slope.non_negative or slope.non_positive):
                continue
            at_low = slope.non_negative == rising
            end, is_open = (interval.low, interval.low_open) if at_low else (interval.high, interval.high_open)
            if abs(end) < float("inf"):
                moved = with_leaf(moved, leaf, point(end))
                never = never or (is_open and (slope.positive or slope.negative))
        return infer_interval(self.expr, moved), never

    def widest(self, box: Scope) -> Leaf | None:
        """The leaf to split next; None if all are points."""
        widths = {leaf: spread(interval_in(box, leaf)) for leaf in self.leaves}
        leaf = max(widths, key=lambda leaf: widths[leaf])
        return leaf if widths[leaf] > 0 else None


def _covers(inclusion: Inclusion, scope: Scope, allowed: Interval, effort: Effort) -> bool:
    pending = [scope]
    while pending:
        box = pending.pop()
        if not effort.affords(inclusion.cost):
            return False
        interval = inclusion.within(box)
        if is_within(interval, allowed):
            continue
        leaf = inclusion.widest(box)
        if leaf is None or overlap(interval, allowed) is None or _fails_inside(inclusion, box, allowed):
            return False
        pending += halves(box, leaf)
    return True


def _fails_inside(inclusion: Inclusion, box: Scope, allowed: Interval) -> bool:
    """Whether the middle of a box is a counterexample, so that no splitting helps."""
    if box.claims:
        return False
    for leaf in inclusion.leaves:
        box = with_leaf(box, leaf, point(middle_of(interval_in(box, leaf))))
    interval = infer_interval(inclusion.expr, box)
    return overlap(interval, allowed) is None


def _bounded(inclusion: Inclusion, scope: Scope, effort: Effort) -> Interval:
    boxes = [(inclusion.within(scope), scope)]
    for turn in range(ROUNDS):
        worst = (max if turn % 2 else min)(boxes, key=lambda pair: pair[0].high if turn % 2 else pair[0].low)
        leaf = inclusion.widest(worst[1])
        if leaf is None or not effort.affords(2 * inclusion.cost):
            break
        boxes.remove(worst)
        boxes += [(inclusion.within(half), half) for half in halves(worst[1], leaf)]
    return hull(interval for interval, _ in boxes)


def _released(part: Expr) -> Expr:
    """The argument of a `stopgrad`, which does not change the value."""
    return part.args[0] if isinstance(part, Apply) and part.op == "stopgrad" else part


def _leaves(expr: Expr) -> Iterator[Leaf]:
    """Parameters, arguments and distances, repeated as often as they occur, but at most twice."""
    times: dict[Expr, Counter[Leaf]] = {}
    for part in walk(expr):
        if is_leaf(part):
            times[part] = Counter([part])
            continue
        inner = Counter[Leaf]()
        for child in children(part):
            for leaf, count in times[child].items():
                if not (isinstance(part, Reduce | Pool) and isinstance(leaf, Distance)):  # those belong to other pairs
                    inner[leaf] = min(2, inner[leaf] + count)
        times[part] = inner
    yield from times[expr].elements()


def _reductions(expr: Expr) -> tuple[Expr, ...]:
    def inner(part: Expr) -> tuple[Expr, ...]:
        return () if isinstance(part, Reduce | Pool) else children(part)

    return tuple(part for part in occurrences(expr, inner) if isinstance(part, Reduce | Pool))


def _slope(expr: Expr, leaf: Leaf, scope: Scope) -> Expr | None:
    """The derivative with respect to a leaf; None if a part that is not differentiated depends on the leaf."""
    if any(isinstance(part, Reduce | Pool | Importance) and leaf in walk(part) for part in walk(expr)):
        return None
    variable = Var("moved")
    moved = rewrite(expr, lambda part: variable if part == leaf else part)
    slope = rewrite(differentiate(Function(variable.name, moved)), lambda part: leaf if part == variable else part)
    return Simplifier(scope)(slope) if count_parts(slope) <= SIMPLIFIED else slope
