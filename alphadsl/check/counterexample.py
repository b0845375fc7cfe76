"""Counterexamples: values of parameters, distances and arguments at which a property fails, found by trying.

A refusal does not need one, but is made concrete by it. Points are tried on a grid in a fixed order, the parameters at
their own values first, as many as the effort allows.
"""

import math
import random
from collections.abc import Iterator, Mapping
from itertools import islice, product

from alphadsl.check.prove import EFFORT, size
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.interval import INFINITY, Interval, point
from alphadsl.ir.nodes import Apply, Count, Distance, Expr, Function, Num, Param, Reduce, Var
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.pretty import pretty_expr
from alphadsl.ir.traversal import rewrite, walk
from alphadsl.report.catalogue.evidence import Example

STEPS = 40
SETTINGS = 24
COARSE = 8
FAR = [digit * 10.0**power for power in range(-3, 3) for digit in (1, 2, 5)]
PLAIN = (-1.0, 0.0, 1.0, 0.1, -0.1, 10.0, 0.5, 2.0, -10.0, 0.01)
TOLERANCE = 1e-9


def find_fall(function: Function, scope: Scope, parameters: tuple[Parameter, ...]) -> tuple[Example, ...]:
    """Two arguments between which the function only falls: the longest such way down that was met. What is held by
    `stopgrad` moves the values and not the slope, so that values say nothing there."""
    if any(isinstance(part, Apply) and part.op == "stopgrad" for part in walk(function.body)):
        return ()
    for at, values in _graphs(function, scope, parameters):
        falls = [(values[start][1] - values[end][1], start, end) for start, end in _ways_down(values)]
        if falls:
            _, start, end = max(falls)
            return _examples(function.argument, [values[start], values[end]], at)
    return ()


def find_bulge(function: Function, scope: Scope, parameters: tuple[Parameter, ...]) -> tuple[Example, ...]:
    """Two arguments and their middle, where the function is not above the mean of its ends."""
    for at, values in _graphs(function, scope, parameters):
        for reach in (len(values) // 2 - 1, len(values) // 4, 1):
            for middle in range(reach, len(values) - reach):
                low, half, high = values[middle - reach], values[middle], values[middle + reach]
                mean, scale = (low[1] + high[1]) / 2, abs(low[1]) + abs(high[1])
                if math.isclose(low[0] + high[0], 2 * half[0]) and half[1] <= mean + 1e-14 * scale and scale < INFINITY:
                    return _examples(function.argument, [low, half, high], at)
    return ()


def find_outside(expr: Expr, allowed: Interval, scope: Scope, parameters: tuple[Parameter, ...]) -> Example | None:
    """Distances, parameters and an argument at which the expression lies outside what is allowed. Each reduction is
    tried over a single negative, which is what a small batch has."""
    pointwise, quantities = _pointwise(expr, scope)
    variables = {part.name for part in walk(pointwise) if isinstance(part, Var)}
    domains = {name: quantities.get(name) or scope.variables[name] for name in sorted(variables)}
    grids = [_thinned(_grid(domain)) for domain in domains.values()]
    limit = EFFORT // size(pointwise)
    for at in _settings(_mentioned(pointwise, parameters), min(SETTINGS, limit)):
        for chosen in islice(product(*grids), max(1, limit // SETTINGS)):
            values = dict(zip(domains, chosen, strict=True))
            found = _value(pointwise, at, values)
            if not math.isnan(found) and found not in allowed and abs(found) < INFINITY:
                return Example((*values.items(), *at.items()), found)
    return None


def _pointwise(expr: Expr, scope: Scope) -> tuple[Expr, Mapping[str, Interval]]:
    """The expression with each distance as a variable, reductions over one negative, and what each distance may be."""
    quantities: dict[str, Interval] = {}

    def rule(part: Expr) -> Expr:
        match part:
            case Distance(of):
                quantities[pretty_expr(part)] = scope.distances[of]
                return Var(pretty_expr(part))
            case Reduce(_, body):
                return body
            case Count():
                return Num(1.0)
            case _:
                return part

    return rewrite(expr, rule), quantities


def _graphs(
    function: Function, scope: Scope, parameters: tuple[Parameter, ...]
) -> Iterator[tuple[Mapping[str, float], list[tuple[float, float]]]]:
    """The function over a grid of its argument, for one setting of the parameters after another."""
    grid = _grid(scope.variables[function.argument])
    affordable = max(1, EFFORT // (len(grid) * size(function.body)))
    for at in _settings(_mentioned(function.body, parameters), min(SETTINGS, affordable)):
        values = [(each, _value(function.body, at, {function.argument: each})) for each in grid]
        yield at, [pair for pair in values if math.isfinite(pair[1])]


def _settings(parameters: tuple[Parameter, ...], count: int) -> Iterator[dict[str, float]]:
    """The values that are set, then others from the intervals, plain numbers first."""
    rng = random.Random(0)
    plain = {each.name: [*(value for value in PLAIN if value in each.interval), each.value] for each in parameters}
    yield {each.name: each.value for each in parameters}
    for turn in range(count if parameters else 0):
        if turn < len(PLAIN):
            yield {name: values[turn % len(values)] for name, values in plain.items()}
        else:
            yield {each.name: rng.choice(_grid(each.interval)) for each in parameters}


def _grid(domain: Interval) -> list[float]:
    """Points of an interval in order: evenly spaced, or ever further apart towards an infinite end."""
    match math.isinf(domain.low), math.isinf(domain.high):
        case True, True:
            points = [*(-each for each in reversed(FAR)), 0.0, *FAR]
        case True, False:
            points = [*(domain.high - each for each in reversed(FAR)), domain.high]
        case False, True:
            points = [domain.low, *(domain.low + each for each in FAR)]
        case _:
            width = domain.high - domain.low
            points = [domain.low + width * step / STEPS for step in range(STEPS + 1)]
    rounded = (float(f"{each:.6g}") for each in points)
    return [each for each in dict.fromkeys(rounded) if each in domain] or [(domain.low + domain.high) / 2]


def _thinned(grid: list[float]) -> list[float]:
    """Few points of a grid, its ends among them."""
    step = max(1, len(grid) // COARSE)
    return [*grid[:-1:step], grid[-1]]


def _ways_down(values: list[tuple[float, float]]) -> Iterator[tuple[int, int]]:
    start = 0
    for at in range(1, len(values) + 1):
        if at == len(values) or not _falls(values[at - 1][1], values[at][1]):
            if at - 1 > start:
                yield start, at - 1
            start = at


def _falls(before: float, after: float) -> bool:
    return before - after > TOLERANCE * (abs(before) + abs(after))


def _mentioned(expr: Expr, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    used = {part.name for part in walk(expr) if isinstance(part, Param)}
    return tuple(each for each in parameters if each.name in used)


def _value(expr: Expr, parameters: Mapping[str, float], variables: Mapping[str, float]) -> float:
    """The value of an expression; NaN where it has none."""
    points = {name: point(value) for name, value in parameters.items()}
    found = infer_interval(expr, Scope(points, {name: point(value) for name, value in variables.items()}))
    return found.low if found.point else math.nan


def _examples(argument: str, values: list[tuple[float, float]], at: Mapping[str, float]) -> tuple[Example, ...]:
    first, *others = values
    return (
        Example(((argument, first[0]), *at.items()), first[1]),
        *(Example(((argument, each),), value) for each, value in others),
    )
