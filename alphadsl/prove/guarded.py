"""Built-ins that only a condition keeps inside their domain, made safe where the condition fails.

`where(s[i,j] > 0, sqrt(s[i,j]), 0)` never shows the root of a negative number, but arithmetic on whole rows computes it
in both branches, and its slope there would be no number. So such an argument is replaced, where it lies outside, by one
that does not: the very number that is given decides, so that no rounding comes between.
"""

from collections.abc import Iterator, Mapping

from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.build import ONE, ZERO, apply
from alphadsl.ir.domains import applications, is_within
from alphadsl.ir.facts import Scope, infer_intervals
from alphadsl.ir.interval import NEGATIVE, NON_NEGATIVE, Interval
from alphadsl.ir.nodes import Apply, Expr, Num
from alphadsl.ir.traversal import children, occurrences, rebuild, walk


def protected(expr: Expr, scope: Scope) -> Expr:
    """An expression of the same values that is defined in both branches of every `where`."""
    if not any(isinstance(part, Apply) and part.op == "where" for part in walk(expr)):
        return expr
    unsafe = {id(part): (index, allowed) for part, index, allowed in _unsafe(expr, scope)}
    done: dict[int, Expr] = {}
    for part in occurrences(expr):
        made = rebuild(part, tuple(done[id(child)] for child in children(part)))
        done[id(part)] = _kept_inside(made, *unsafe[id(part)]) if id(part) in unsafe else made
    return done[id(expr)]


def _unsafe(expr: Expr, scope: Scope) -> Iterator[tuple[Apply, int, Interval]]:
    """Applications that are inside their domain only thanks to a condition: with the argument, and what is allowed."""
    anywhere: Mapping[Expr, Interval] = infer_intervals(expr, scope)
    for part, found, context in applications(expr, scope):
        domain = ATOMS[part.op].domain(*found) if context.guards else None
        if domain and not is_within(anywhere[part.args[domain.argument]], domain.allowed):
            yield part, domain.argument, domain.allowed


def _kept_inside(part: Expr, index: int, allowed: Interval) -> Expr:
    assert isinstance(part, Apply)
    argument = part.args[index]
    op, instead = ("lt", Num(-1.0)) if allowed == NEGATIVE else ("ge" if allowed == NON_NEGATIVE else "gt", ONE)
    safe = apply("where", apply(op, argument, ZERO), argument, instead)
    return Apply(part.op, (*part.args[:index], safe, *part.args[index + 1 :]), span=part.span)
