"""Parameters: their numbers worked out, their intervals checked, overrides from outside included."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from alphadsl.check.expressions import UNKNOWN, Resolver
from alphadsl.check.names import Names
from alphadsl.check.place import Place
from alphadsl.ir.facts import Scope, find_domain_fault, infer_interval
from alphadsl.ir.interval import REAL, Interval
from alphadsl.ir.nodes import Parameter
from alphadsl.ir.pretty import pretty_interval, pretty_number
from alphadsl.report.catalogue.domains import EmptyInterval, NotANumber, OutOfInterval
from alphadsl.report.catalogue.names import SetWithoutParam
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
from alphadsl.syntax import tree
from alphadsl.syntax.spelling import spell


@dataclass(frozen=True)
class Override:
    """A value given from outside the spec, and the place it is blamed at."""

    value: float
    span: Span


def resolve_parameters(
    names: Names, overrides: Mapping[str, Override]
) -> tuple[tuple[Parameter, ...], list[Diagnostic]]:
    """The parameters in the order of their declaration, each with the value in force."""
    diagnostics: list[Diagnostic] = []
    parameters = []
    overrides = {spell(name) or name: override for name, override in overrides.items()}
    for name, item in names.parameters.items():
        interval = _interval(item, diagnostics)
        for setting in {id(each): each for each in (item, names.values[name])}.values():
            value = _number(setting, diagnostics)
            _check_inside(name, value, interval, setting.value.span, _declared(item), diagnostics)
        if name in overrides:
            value = overrides[name].value
            _check_inside(name, value, interval, overrides[name].span, _declared(item), diagnostics)
        parameters.append(Parameter(name, value, interval, item.doc, span=_declared(item)))
    known = tuple(names.parameters)
    for name, override in overrides.items():
        if name not in names.parameters:
            diagnostics.append(SetWithoutParam(override.span, name, suggest(name, known), known))
    return tuple(parameters), diagnostics


def _interval(item: tree.ParamItem, diagnostics: list[Diagnostic]) -> Interval:
    if item.bounds is None:
        return REAL
    bounds = item.bounds
    infinite = Interval(bounds.low, bounds.high, math.isinf(bounds.low), math.isinf(bounds.high))
    interval = Interval(
        bounds.low, bounds.high, bounds.low_open or infinite.low_open, bounds.high_open or infinite.high_open
    )
    if bounds.low > bounds.high or (bounds.low == bounds.high and (interval.low_open or interval.high_open)):
        diagnostics.append(EmptyInterval(bounds.span, pretty_interval(interval)))
        return REAL
    return interval


def _number(item: tree.ParamItem | tree.SetItem, diagnostics: list[Diagnostic]) -> float:
    """A value is arithmetic on numbers; anything else leaves NaN, which no later check takes offence at."""
    named = _named(item.value)
    if named is not None:
        diagnostics.append(NotANumber(named.span, item.name.text, named=True))
        return math.nan
    resolver = Resolver(Names(tree.LossDef(item.name, None, (), item.span)))
    expr = resolver.resolve(item.value, Place())
    diagnostics += resolver.diagnostics
    if expr == UNKNOWN:
        return math.nan
    found = infer_interval(expr, Scope())
    if find_domain_fault(expr, Scope()) or not (found.point and math.isfinite(found.low)):
        diagnostics.append(NotANumber(item.value.span, item.name.text))
        return math.nan
    return found.low


def _named(value: tree.Expression) -> tree.Identifier | tree.Indexed | None:
    """The first thing in a value that is no number."""
    match value:
        case tree.Identifier() | tree.Indexed():
            return value
        case tree.Call(_, parts):
            pass
        case tree.Unary(operand):
            parts = (operand,)
        case tree.Binary(_, left, right):
            parts = (left, right)
        case tree.Number():
            parts = ()
    return next((found for part in parts if (found := _named(part))), None)


def _check_inside(
    name: str, value: float, interval: Interval, span: Span, declared: Span, diagnostics: list[Diagnostic]
) -> None:
    if not math.isnan(value) and value not in interval:
        diagnostics.append(OutOfInterval(span, name, pretty_number(value), pretty_interval(interval), declared))


def _declared(item: tree.ParamItem) -> Span:
    return item.bounds.span if item.bounds else item.name.span
