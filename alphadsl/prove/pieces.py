"""Piecewise functions: the threshold at which a comparison of the argument switches, the function on either side, and
its jump there."""

from collections.abc import Iterator
from dataclasses import dataclass

from alphadsl.ir.atoms import Direction
from alphadsl.ir.build import ONE, ZERO, sub
from alphadsl.ir.facts import Scope, infer_direction, infer_interval, infer_intervals
from alphadsl.ir.interval import INFINITY, Interval, overlap
from alphadsl.ir.nodes import Apply, Expr, Function, Num
from alphadsl.ir.traversal import mentions, occurrences, rewrite, substitute
from alphadsl.transform.player import invert

UPWARD = frozenset({"gt", "ge"})
MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass(frozen=True)
class Pieces:
    """A function below and above a threshold, each with the scope where it applies, and the jump from the lower to the
    upper piece; a piece that lies outside the domain is missing."""

    sides: tuple[tuple[Function, Scope], ...]
    jump: Expr | None


def split_at_comparison(function: Function, scope: Scope) -> Pieces | None:
    """The pieces of a function at the first comparison of its argument with something independent of it; None if no
    comparison can be solved for the argument."""
    for op, moving, other, condition in _comparisons(function):
        threshold = invert(moving, function.argument, other)
        direction = infer_direction(moving, function.argument, scope)
        if threshold is None or direction not in (Direction.RISING, Direction.FALLING):
            continue
        upward = (op in UPWARD) == (direction == Direction.RISING)
        holds, fails = (_settled(function.body, condition, value) for value in (ONE, ZERO))
        above, below = (holds, fails) if upward else (fails, holds)
        at, domain = infer_interval(threshold, scope), scope.variables[function.argument]
        known = infer_intervals(condition, scope)
        sides = []
        for body, is_met, ray in (
            (below, not upward, Interval(-INFINITY, at.high, True, False)),
            (above, upward, Interval(at.low, INFINITY, False, True)),
        ):
            if side := overlap(domain, ray):
                inside = scope.assuming(condition, is_met, known).binding(function.argument, side)
                sides.append((Function(function.argument, body), inside))
        jump = substitute(sub(above, below), {function.argument: threshold}) if len(sides) == 2 else None
        return Pieces(tuple(sides), jump)
    return None


def _comparisons(function: Function) -> Iterator[tuple[str, Expr, Expr, Expr]]:
    """Comparisons with the argument on one side only, written with that side on the left."""
    for part in occurrences(function.body):
        match part:
            case Apply("gt" | "ge" | "lt" | "le" as op, (a, b)):
                if mentions(a, function.argument) and not mentions(b, function.argument):
                    yield op, a, b, part
                elif mentions(b, function.argument) and not mentions(a, function.argument):
                    yield MIRRORED[op], b, a, part
            case _:
                pass


def _settled(body: Expr, condition: Expr, value: Num) -> Expr:
    """The body for a known value of a condition."""

    def rule(part: Expr) -> Expr:
        if part == condition:
            return value
        match part:
            case Apply("where", (Num(known), a, b)):
                return a if known else b
            case _:
                return part

    return rewrite(body, rule)
