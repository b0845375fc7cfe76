"""Parameters: evaluates their values, checks their intervals, and reads schedules and overrides from outside."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from alphadsl.ir.arithmetic import evaluate_number
from alphadsl.ir.interval import REAL, Interval
from alphadsl.ir.kinds import Shape, Space
from alphadsl.ir.parameter import Fixed, Learned, Parameter, Schedule
from alphadsl.ir.pretty import pretty_interval, pretty_number
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.domains import EmptyInterval, NotANumber, OutOfInterval
from alphadsl.report.errors.general import LearnedAtEdge, WrongSchedule
from alphadsl.report.errors.names import SetWithoutParam
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
from alphadsl.resolve.context import Context
from alphadsl.resolve.expressions import UNKNOWN, Resolver
from alphadsl.resolve.names import Names
from alphadsl.syntax import tree
from alphadsl.syntax.spelling import spell
from alphadsl.syntax.walk import parts_of

Declaration = tree.ParamItem | tree.LearnItem
COMPARISONS = ("<", "<=", ">", ">=", "==")
SCHEDULES = {"constant": 1, "linear": 2, "cosine": 2, "step": 3}


@dataclass(frozen=True)
class Override:
    """A value given from outside the spec, and the span that diagnostics about it point to."""

    value: float
    span: Span


def resolve_parameters(names: Names) -> tuple[tuple[Parameter, ...], list[Diagnostic]]:
    """The parameters in the order of their declarations, with the values that the spec gives them."""
    diagnostics: list[Diagnostic] = []
    parameters = []
    for name, item in names.parameters.items():
        interval = _interval(item, diagnostics)
        role = Learned() if isinstance(item, tree.LearnItem) else Fixed()
        parameter = Parameter(name, math.nan, interval, item.doc, role, span=_declared(item))
        for setting in {id(place): place for place in (item, names.values[name])}.values():
            parameter = set_parameter(parameter, setting, diagnostics)
        diagnostics += check_start(parameter, names.values[name].value.span)
        parameters.append(parameter)
    return tuple(parameters), diagnostics


def override_parameters(
    parameters: Iterable[Parameter], overrides: Mapping[str, Override]
) -> tuple[tuple[Parameter, ...], list[Diagnostic]]:
    """The parameters with values given from outside; setting a scheduled parameter removes its schedule."""
    diagnostics: list[Diagnostic] = []
    by_name = {parameter.name: parameter for parameter in parameters}
    for name, override in {spell(name) or name: override for name, override in overrides.items()}.items():
        if name not in by_name:
            known = tuple(by_name)
            diagnostics.append(SetWithoutParam(override.span, name, suggest(name, known), known))
            continue
        parameter = by_name[name]
        _check_inside(name, override.value, parameter.interval, override.span, parameter.span, diagnostics)
        role = Fixed() if isinstance(parameter.role, Schedule) else parameter.role
        by_name[name] = replace(parameter, value=override.value, role=role)
        diagnostics += check_start(by_name[name], override.span)
    return tuple(by_name.values()), diagnostics


def check_start(parameter: Parameter, span: Span) -> list[Diagnostic]:
    """A learned parameter must start in the interior of its interval."""
    interval = parameter.interval
    inside = parameter.value not in (interval.low, interval.high) or parameter.value not in interval
    if inside or not isinstance(parameter.role, Learned):
        return []
    return [LearnedAtEdge(span, parameter.name, pretty_interval(interval))]


def set_adopted(parameters: dict[str, Parameter], names: Names) -> list[Diagnostic]:
    """Apply `set` lines to parameters adopted from other losses; refuse names that are not parameters."""
    faults: list[Diagnostic] = []
    for item in names.unclaimed:
        name, known, definition = item.name.text, tuple(parameters), names.definitions.get(item.name.text)
        if name in parameters:
            parameters[name] = set_parameter(parameters[name], item, faults)
            continue
        place = definition.name.span if definition else None
        faults.append(SetWithoutParam(item.name.span, name, suggest(name, known), known, place))
    return faults


def set_parameter(
    parameter: Parameter, setting: Declaration | tree.SetItem, diagnostics: list[Diagnostic]
) -> Parameter:
    """A parameter with the number or schedule from its declaration or a `set` line."""
    learned = isinstance(parameter.role, Learned)
    schedule = None if learned else read_schedule(setting.value, diagnostics)
    if schedule is not None:
        ends = zip((schedule.start, schedule.end), _arguments(setting.value), strict=False)
        for end, argument in ends:
            _check_inside(parameter.name, end, parameter.interval, argument.span, parameter.span, diagnostics)
        role = Fixed() if schedule.start == schedule.end else schedule
        return replace(parameter, value=schedule.start, role=role)
    if learned and is_schedule(setting.value):
        reason = "a learned parameter moves by itself"
        diagnostics.append(WrongSchedule(setting.value.span, _called(setting.value), reason))
        return parameter
    value = math.nan if is_schedule(setting.value) else number_of(setting, diagnostics)
    _check_inside(parameter.name, value, parameter.interval, setting.value.span, parameter.span, diagnostics)
    return replace(parameter, value=value, role=Learned() if learned else Fixed())


def read_schedule(value: tree.Expression, diagnostics: list[Diagnostic]) -> Schedule | None:
    """The schedule that a value describes; None if it is not a schedule, or a wrong one, which is reported."""
    match value:
        case tree.Call(name, arguments) if name.text in SCHEDULES:
            numbers = [_plain(argument) for argument in arguments]
            if value.keywords or len(numbers) != SCHEDULES[name.text] or None in numbers:
                reason = f"it takes {SCHEDULES[name.text]} {'number' if name.text == 'constant' else 'numbers'}"
                diagnostics.append(WrongSchedule(value.span, name.text, reason))
                return None
            ends = [number for number in numbers if number is not None]
            if name.text == "constant":
                return Schedule(Shape.LINEAR, ends[0], ends[0])
            if name.text == "step" and not 0 < ends[2] < 1:
                reason = "its step lies between the start of training, 0, and its end, 1"
                diagnostics.append(WrongSchedule(arguments[2].span, name.text, reason))
                return None
            return Schedule(Shape(name.text), *ends)
        case _:
            return None


def is_schedule(value: tree.Expression) -> bool:
    return isinstance(value, tree.Call) and value.name.text in SCHEDULES


def _plain(value: tree.Expression) -> float | None:
    """The value of an expression without names; None if it has no such value."""
    silent: list[Diagnostic] = []
    name = tree.Name("", value.span)
    number = number_of(tree.SetItem(name, value, value.span), silent)
    return None if silent else number


def _arguments(value: tree.Expression) -> tuple[tree.Expression, ...]:
    return value.arguments if isinstance(value, tree.Call) else ()


def _called(value: tree.Expression) -> str:
    return value.name.text if isinstance(value, tree.Call) else ""


def _interval(item: Declaration, diagnostics: list[Diagnostic]) -> Interval:
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


def number_of(item: Declaration | tree.SetItem, diagnostics: list[Diagnostic]) -> float:
    """The value of an arithmetic expression of numbers; anything else is reported and gives NaN, which later checks
    accept silently."""
    named = _named(item.value)
    if named is not None:
        diagnostics.append(NotANumber(named.span, item.name.text, named=True))
        return math.nan
    compared = _compared(item.value)
    if compared is not None:
        diagnostics.append(NotANumber(compared.span, item.name.text, compared=True))
        return math.nan
    resolver = Resolver(Names(tree.LossDef(item.name, None, (), item.span)), Space.SPHERE)
    expr = resolver.resolve(item.value, Context())
    diagnostics += resolver.diagnostics
    if expr == UNKNOWN:
        return math.nan
    value = evaluate_number(expr)
    if not math.isfinite(value):
        diagnostics.append(NotANumber(item.value.span, item.name.text))
        return math.nan
    return value


def _named(value: tree.Expression) -> tree.Identifier | tree.Indexed | tree.Member | None:
    """The first name in a value."""
    named = tree.Identifier | tree.Indexed | tree.Member
    return next((part for part in parts_of(value) if isinstance(part, named)), None)


def _compared(value: tree.Expression) -> tree.Expression | None:
    """The first comparison in a value."""
    binaries = (part for part in parts_of(value) if isinstance(part, tree.Binary))
    return next((part for part in binaries if part.operator in COMPARISONS), None)


def _check_inside(
    name: str, value: float, interval: Interval, span: Span, declared: Span, diagnostics: list[Diagnostic]
) -> None:
    if not math.isnan(value) and value not in interval:
        diagnostics.append(OutOfInterval(span, name, pretty_number(value), pretty_interval(interval), declared))


def _declared(item: Declaration) -> Span:
    return item.bounds.span if item.bounds else item.name.span
