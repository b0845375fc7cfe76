"""Checks that the arguments of every built-in lie in its domain; inside a branch of a `where`, for the values that the
condition lets through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alphadsl.ir.atoms import ATOMS, Domain
from alphadsl.ir.facts import Scope, infer_intervals
from alphadsl.ir.interval import INFINITY, Interval, ends_within, starts_within
from alphadsl.ir.nodes import Apply, Expr, Pool, Reduce
from alphadsl.ir.traversal import children, occurrences


@dataclass(frozen=True)
class Blame:
    """The smallest application that leaves its domain, the interval that its argument has instead, and the scope."""

    expr: Apply
    interval: Interval
    domain: Domain
    scope: Scope


Shows = Callable[[Expr, Scope, Interval], bool]


def find_domain_fault(expr: Expr, scope: Scope, shows: Shows = lambda *_: False) -> Blame | None:
    """The first application of a built-in outside its domain, innermost first. Where the interval does not decide,
    `shows` may prove that the argument lies in the domain."""
    for part, interval, context in applications(expr, scope):
        domain = ATOMS[part.op].domain(*interval)
        if domain is None or is_within(interval[domain.argument], domain.allowed):
            continue
        if not shows(part.args[domain.argument], context, domain.allowed):
            return Blame(part, interval[domain.argument], domain, context)
    return None


def applications(expr: Expr, scope: Scope) -> Iterator[tuple[Apply, tuple[Interval, ...], Scope]]:
    """Every application of a built-in, with the intervals of its arguments and the scope at that place."""
    intervals = infer_intervals(expr, scope)
    for part in occurrences(expr, _in_this_scope):
        match part:
            case Apply("where", (condition, *branches)):
                for branch, holds in zip(branches, (True, False), strict=True):
                    yield from applications(branch, scope.assuming(condition, holds, intervals))
            case Apply():
                yield part, tuple(intervals[arg] for arg in part.args), scope
            case Reduce(_, body) | Pool(_, body):
                yield from applications(body, scope.reduced)
            case _:
                pass


def _in_this_scope(part: Expr) -> tuple[Expr, ...]:
    match part:
        case Apply("where", (condition, *_)):
            return (condition,)
        case Reduce() | Pool():
            return ()
        case _:
            return children(part)


def is_within(inner: Interval, outer: Interval) -> bool:
    return starts_within(inner, outer) and (ends_within(inner, outer) or outer.high == INFINITY)
