"""Bounds that follow from how the parts of an expression are related, which their intervals alone would not give.

A term divided by a sum of non-negative terms lies in [0, 1], x / sqrt(c + x^2) in [-1, 1], and a maximum is at least
each of its terms.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from alphadsl.ir import interval as iv
from alphadsl.ir.atom import Direction
from alphadsl.ir.interval import INFINITY, Interval
from alphadsl.ir.kinds import Over
from alphadsl.ir.nodes import Apply, Expr, Num, Reduce

MOST_TERMS = 8


def fraction(above: Expr, below: Expr, intervals: Mapping[Expr, Interval]) -> Interval:
    """The interval of above / below, if a factor of `above` is a term of `below`; otherwise the whole line."""
    root, whole = _rooted(below)
    terms = tuple(islice(_terms(whole), MOST_TERMS + 1))
    if not 1 < len(terms) <= MOST_TERMS:
        return iv.REAL
    factors = tuple(islice(_factors(above), MOST_TERMS))
    for factor in factors:
        share = _share(factor, terms, root, intervals)
        if share is not None:
            rest = iv.point(1.0)
            for other in factors:
                rest = rest if other is factor else iv.multiplied(rest, intervals[other])
            return iv.multiplied(share, rest)
    return iv.REAL


def _share(part: Expr, terms: tuple[Expr, ...], root: bool, intervals: Mapping[Expr, Interval]) -> Interval | None:
    """The interval of part / whole, if the part or its absolute value is a term of the whole; with `root`, that of
    part / sqrt(whole), if its square is a term. None if neither applies."""
    for term in terms:
        if not (_is_square(term, part) if root else term == part or term == Apply("abs", (part,))):
            continue
        rest = [intervals[other] for other in terms if other is not term]
        if all(other.non_negative for other in rest) and (root or intervals[term].non_negative):
            apart = any(other.positive for other in rest)
            low = 0.0 if intervals[part].non_negative else -1.0
            high = 0.0 if intervals[part].non_positive else 1.0
            return Interval(
                low, high, apart if low else intervals[part].positive, apart if high else intervals[part].negative
            )
    return None


def rises_as_a_share(
    above: Expr, below: Expr, directions: Mapping[Expr, Direction], intervals: Mapping[Expr, Interval]
) -> bool:
    """Whether above / below has the direction of `above`: the other terms of the whole are constant."""
    root, whole = _rooted(below)
    terms = tuple(islice(_terms(whole), MOST_TERMS + 1))
    if (
        directions[above] == Direction.CONSTANT
        or not 1 < len(terms) <= MOST_TERMS
        or _share(above, terms, root, intervals) is None
    ):
        return False
    return sum(directions[term] != Direction.CONSTANT for term in terms) == 1


def difference(expr: Expr, intervals: Mapping[Expr, Interval]) -> Interval:
    """The interval of a sum that contains an extremum minus one of its terms, or the reverse; otherwise the whole
    line."""
    terms = tuple(islice(_terms(expr), MOST_TERMS + 1))
    if len(terms) > MOST_TERMS or not any(isinstance(_unsigned(term), Reduce) for term in terms):
        return iv.REAL
    for high in terms:
        for low in terms:
            if high is not low and _exceeds(high, low):
                rest = Interval(0.0, INFINITY, False, True)
                for other in terms:
                    rest = rest if other is high or other is low else iv.added(rest, intervals[other])
                return rest
    return iv.REAL


def _exceeds(high: Expr, low: Expr) -> bool:
    """Whether high + low is at least 0: a maximum or log-sum-exp minus a term or mean, or one of these minus a
    minimum."""
    match high, low:
        case Reduce(Over.MAX | Over.LOGSUMEXP, body), Apply("neg", (other,)):
            return other == body or _averages(other, body)
        case other, Apply("neg", (Reduce(Over.MIN, body),)):
            return other == body or _averages(other, body)
        case _:
            return False


def _averages(expr: Expr, body: Expr) -> bool:
    return isinstance(expr, Reduce) and expr.over in (Over.MEAN, Over.MIN, Over.MAX) and expr.body == body


def _rooted(expr: Expr) -> tuple[bool, Expr]:
    match expr:
        case Apply("sqrt", (whole,)) | Apply("pow", (whole, Num(0.5))):
            return True, whole
        case _:
            return False, expr


def _is_square(expr: Expr, of: Expr) -> bool:
    match expr:
        case Apply("pow", (base, Num(2.0))):
            return base == of
        case Apply("mul", (a, b)):
            return a == of and b == of
        case _:
            return False


def _unsigned(expr: Expr) -> Expr:
    return expr.args[0] if isinstance(expr, Apply) and expr.op == "neg" else expr


def _terms(expr: Expr) -> Iterator[Expr]:
    while isinstance(expr, Apply) and expr.op == "add":
        yield expr.args[1]
        expr = expr.args[0]
    yield expr


def _factors(expr: Expr) -> Iterator[Expr]:
    while isinstance(expr, Apply) and expr.op == "mul":
        yield expr.args[1]
        expr = expr.args[0]
    yield expr
