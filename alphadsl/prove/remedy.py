"""What an author could change: the parameters that a refusal depends on, where they are declared, and whether positive
intervals would settle it. Every piece of advice has been tried before it is given."""

import re
from collections.abc import Callable
from dataclasses import replace

from alphadsl.ir.facts import Scope
from alphadsl.ir.interval import REAL, Interval
from alphadsl.ir.nodes import Expr, Function, Param
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.pretty import pretty_interval
from alphadsl.ir.traversal import walk
from alphadsl.report.diagnostic import Edit
from alphadsl.report.errors.evidence import Bound, Sign
from alphadsl.report.source import Span

MOST_BOUNDS = 3
MOST_TRIED = 4
VALUE = re.compile(r"\s*=[^\n#\"]*")


def bounds_of(expr: Expr, parameters: tuple[Parameter, ...]) -> tuple[Bound, ...]:
    """The parameters in an expression whose intervals are not positive."""
    return tuple(bound for bound in all_bounds_of(expr, parameters) if bound.sign != Sign.POSITIVE)


def all_bounds_of(expr: Expr, parameters: tuple[Parameter, ...]) -> tuple[Bound, ...]:
    """The parameters in an expression; if some of them may be negative, only those."""
    names = parameters_in(expr)
    used = [parameter for parameter in parameters if parameter.name in names]
    bounds = [
        Bound(parameter.name, parameter.span, parameter.interval != REAL, _sign(parameter.interval))
        for parameter in used
    ]
    telling = [bound for bound in bounds if bound.sign in (Sign.ANY, Sign.NEGATIVE)] or bounds
    return tuple(telling[:MOST_BOUNDS])


def settling(expr: Expr, scope: Scope, holds: Callable[[Scope], bool]) -> tuple[str, ...]:
    """The parameters that would have to be positive for a property to hold, with the rest of their intervals, as in
    `tau in (0, inf)`; none if that does not help."""
    names = parameters_in(expr)
    candidates = [name for name in scope.parameters if name in names and not scope.parameters[name].positive]
    candidates = [name for name in candidates if scope.parameters[name].high > 0]
    if not candidates or not holds(_made_positive(scope, candidates)):
        return ()
    for name in [*candidates] if len(candidates) <= MOST_TRIED else ():
        rest = [other for other in candidates if other != name]
        if holds(_made_positive(scope, rest)):
            candidates = rest
    narrowed = _made_positive(scope, candidates).parameters
    return tuple(f"{name} in {pretty_interval(narrowed[name])}" for name in candidates)


def declarations_of(memberships: tuple[str, ...], parameters: tuple[Parameter, ...]) -> tuple[Edit, ...]:
    """The edits that declare parameters as in `tau in (0, inf)`: they replace the interval, or insert one after the
    value."""
    edits = []
    for membership in memberships:
        name, _, interval = membership.partition(" in ")
        parameter = next(parameter for parameter in parameters if parameter.name == name)
        declared: Span = parameter.span
        if parameter.interval != REAL or declared.text[:1] in "[(":
            edits.append(Edit(declared, interval))
        elif value := VALUE.match(declared.source.text, declared.end):
            end = declared.end + len(value[0].rstrip())
            edits.append(Edit(Span(declared.source, end, end), f" in {interval}"))
    return tuple(edits)


def parameters_in(expr: Expr) -> set[str]:
    return {part.name for part in walk(expr) if isinstance(part, Param)}


def span_of(*nodes: Expr | Function) -> Span:
    """The span of the first of these nodes that was written by the author."""
    spans = (getattr(node, "span", None) for node in nodes)
    known_span: Span = next(span for span in spans if span is not None)
    return known_span


def _made_positive(scope: Scope, names: list[str]) -> Scope:
    intervals = {
        name: Interval(0.0, interval.high, True, interval.high_open) if name in names else interval
        for name, interval in scope.parameters.items()
    }
    return replace(scope, parameters=intervals)


def _sign(interval: Interval) -> Sign:
    if interval.positive:
        return Sign.POSITIVE
    if interval.non_negative:
        return Sign.ZERO_TOO
    return Sign.NEGATIVE if interval.negative else Sign.ANY
