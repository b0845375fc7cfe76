"""What a condition implies for the expressions it compares: `where(s[i,j] > 0, a, b)` uses `a` only where s > 0.

A condition, whether it holds, and the intervals of its parts come in; expressions with the interval that each then lies
in come out. From the interval of a sum, a multiple or a root follow those of its parts. A product of conditions holds
where all of them hold; a sum or `max` of conditions fails where all fail.
"""

from collections.abc import Callable, Iterator, Mapping

from alphadsl.ir import interval as iv
from alphadsl.ir.interval import INFINITY, NON_NEGATIVE, Interval
from alphadsl.ir.nodes import Apply, Expr, Num

Claims = Iterator[tuple[Expr, Interval]]
Known = Callable[[Expr], Interval]

OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}
DEEPEST = 12
ZERO = iv.point(0.0)


def claims_of(condition: Expr, holds: bool, known: Known) -> Claims:
    """The claims that follow if a condition holds, or if it fails."""
    match condition:
        case Apply("lt" | "le" | "gt" | "ge" as op, (a, b)):
            yield from _compared(op if holds else OPPOSITE[op], a, b, known)
        case Apply("eq", (a, b)) if holds:
            yield from _compared("eq", a, b, known)
        case Apply("mul" | "min", (a, b)) if holds and _tells(a) and _tells(b):
            yield from claims_of(a, True, known)
            yield from claims_of(b, True, known)
        case Apply("add" | "max", (a, b)) if not holds and _tells(a) and _tells(b):
            yield from claims_of(a, False, known)
            yield from claims_of(b, False, known)
        case Apply("add", (Num(1.0), Apply("neg", (a,)))) if _tells(a):
            yield from claims_of(a, not holds, known)
        case _:
            return


def _tells(condition: Expr) -> bool:
    """Whether a condition is made of comparisons: non-negative, and 0 exactly where it fails."""
    match condition:
        case Apply("lt" | "le" | "gt" | "ge" | "eq"):
            return True
        case Apply("mul" | "min" | "add" | "max", (a, b)):
            return _tells(a) and _tells(b)
        case _:
            return False


def _compared(op: str, a: Expr, b: Expr, known: Known) -> Claims:
    yield from implied(a, _side(op, known(b)), known)
    yield from implied(b, _side(MIRRORED[op], known(a)), known)
    if isinstance(a, Num) or isinstance(b, Num):
        return
    yield from ((form, _kept(_minus(known(a), known(b)), _side(op, ZERO))) for form in _differences(a, b))
    if isinstance(a, Num) or isinstance(b, Num):
        return
    yield from ((form, _kept(_minus(known(b), known(a)), _side(MIRRORED[op], ZERO))) for form in _differences(b, a))


def _minus(a: Interval, b: Interval) -> Interval:
    return iv.added(a, iv.negated(b))


def _differences(a: Expr, b: Expr) -> tuple[Expr, ...]:
    """The ways to write a - b."""
    minus = b.args[0] if isinstance(b, Apply) and b.op == "neg" else Apply("neg", (b,))
    return Apply("add", (a, minus)), Apply("add", (minus, a))


def _side(op: str, of: Interval) -> Interval:
    """The interval of x if `x op y` holds for some y in `of`."""
    match op:
        case "gt" | "ge":
            return Interval(of.low, INFINITY, of.low_open or op == "gt", True)
        case "lt" | "le":
            return Interval(-INFINITY, of.high, True, of.high_open or op == "lt")
        case _:
            return of


def implied(expr: Expr, within: Interval, known: Known, depth: int = DEEPEST) -> Claims:
    """The claim that an expression lies within an interval, and the claims that follow for its parts."""
    kept = _kept(known(expr), within)
    yield expr, kept
    match expr:
        case _ if depth == 0:
            return
        case Apply("add", (a, b)):
            yield from implied(a, iv.added(kept, iv.negated(known(b))), known, depth - 1)
            yield from implied(b, iv.added(kept, iv.negated(known(a))), known, depth - 1)
        case Apply("neg", (a,)):
            yield from implied(a, iv.negated(kept), known, depth - 1)
        case Apply("mul", (a, b)):
            yield from implied(a, iv.divided(kept, known(b)), known, depth - 1)
            yield from implied(b, iv.divided(kept, known(a)), known, depth - 1)
        case Apply("div", (a, b)):
            yield from implied(a, iv.multiplied(kept, known(b)), known, depth - 1)
        case Apply("sqrt", (a,)):
            yield from implied(a, iv.power(_kept(kept, NON_NEGATIVE), iv.point(2.0)), known, depth - 1)
        case _:
            return


def _kept(known: Interval, within: Interval) -> Interval:
    """The overlap of both intervals; if there is none, as in a branch that is never taken, the known interval."""
    return iv.overlap(known, within) or known


def narrowed(claims: Claims, known: Mapping[Expr, Interval]) -> dict[Expr, Interval]:
    """All claims combined with those known before."""
    narrower = dict(known)
    for expr, interval in claims:
        narrower[expr] = _kept(narrower.get(expr, interval), interval)
    return narrower
