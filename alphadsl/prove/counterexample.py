"""Counterexamples: values of parameters, distances and arguments at which a property fails, found by trying.

A refusal does not need one, but it only states that a property fails if one was found. Each can occur: distances are
those of some embeddings, and an argument of phi is a sum that some of them have. Each is verified in interval
arithmetic. As many are tried as the effort allows, in a fixed order, starting with the parameters at their values.
"""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

from alphadsl.ir.facts import Scope
from alphadsl.ir.interval import Interval, overlap, point
from alphadsl.ir.kinds import Quantity, Space
from alphadsl.ir.nodes import Apply, Distance, Expr, Function, Param, Reduce
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.pretty import pretty_expr
from alphadsl.ir.traversal import count_parts, substitute, walk
from alphadsl.prove.configurations import COUNTS, Scene, evaluate, scenes_for
from alphadsl.report.errors.evidence import Example

EFFORT = 12_000
SETTINGS = 24
STEPS = 40
ARGUMENTS = 8
FAR = [digit * 10.0**power for power in range(-3, 3) for digit in (1, 2, 5)]
PLAIN = (-1.0, 0.0, 1.0, 0.1, -0.1, 10.0, 0.5, 2.0, -10.0, 0.01)
NOWHERE = Scene({Quantity.POSITIVE: 1.0}, ({Quantity.NEGATIVE: 1.0},), COUNTS[0])

Graph = list[tuple[float, Interval]]


@dataclass(frozen=True)
class Setting:
    """What a counterexample may be made of: parameters in their intervals, the space, and the expressions that
    functions are applied to, for arguments that cannot be any number of an interval."""

    parameters: tuple[Parameter, ...]
    space: Space = Space.SPHERE
    given: Mapping[str, Expr] = field(default_factory=dict)


def find_fall(function: Function, scope: Scope, setting: Setting) -> tuple[Example, ...]:
    """Two arguments between which the function only decreases, with the largest such decrease that was found. None with
    a `stopgrad`, which affects values but not derivatives, so that values prove nothing."""
    if any(isinstance(part, Apply) and part.op == "stopgrad" for part in walk(function.body)):
        return ()
    for at, graph in _graphs(function, scope, setting):
        falls = [(graph[start][1].low - graph[end][1].high, start, end) for start, end in _ways_down(graph)]
        if falls:
            _, start, end = max(falls)
            return _examples(function.argument, [graph[start], graph[end]], at)
    return ()


def find_bulge(function: Function, scope: Scope, setting: Setting, straight: bool = False) -> tuple[Example, ...]:
    """Two arguments and their midpoint, where the function is not above the mean of its values at the ends; if the
    function is known to be nowhere concave (`straight`), any three will do."""
    for at, graph in _graphs(function, scope, setting):
        for reach in (len(graph) // 2 - 1, len(graph) // 4, 1):
            for middle in range(reach, len(graph) - reach):
                low, half, high = graph[middle - reach], graph[middle], graph[middle + reach]
                mean = (low[1].low + high[1].low) / 2
                below = half[1].high <= mean - math.ulp(mean)
                if math.isclose(low[0] + high[0], 2 * half[0]) and (below or straight):
                    return _examples(function.argument, [low, half, high], at)
    return ()


def find_outside(expr: Expr, allowed: Interval, scope: Scope, setting: Setting) -> Example | None:
    """Distances, parameters and arguments at which the expression lies outside the allowed interval and the conditions
    around it hold, so that it is used."""
    asked = (expr, *(condition for condition, _ in scope.guards))
    looked_for = {name for part in asked for name in _variables(part)}
    arguments = {name: of for name, of in setting.given.items() if name in looked_for}
    looked_at = substitute(expr, arguments)
    guards = [(substitute(condition, arguments), holds) for condition, holds in scope.guards]
    free = [name for name in scope.variables if name not in arguments and name in looked_for]
    grids = _thinned(_grid(scope.variables[free[0]])) if free else [math.nan]
    cost = count_parts(looked_at) + sum(count_parts(condition) for condition, _ in guards)
    limit = max(1, EFFORT // (cost * len(grids)))
    for at in _settings(_mentioned(looked_at, setting.parameters), min(SETTINGS, limit)):
        scenes = scenes_for(setting.space, looked_at, *(condition for condition, _ in guards))
        for scene, value in product(islice(scenes, max(1, limit // SETTINGS)), grids):
            chosen = {name: value for name in free}
            interval = evaluate(looked_at, scene, at, chosen)[0]
            outside = (
                overlap(interval, allowed) is None and math.isfinite(interval.low) and math.isfinite(interval.high)
            )
            if outside and all(_is_met(condition, holds, scene, at, chosen) for condition, holds in guards):
                shown = {name: _middle(evaluate(of, scene, at)[0]) for name, of in arguments.items()}
                places = {**_places(asked, scene), **chosen, **shown}
                return Example((*places.items(), *at.items()), _middle(interval))
    return None


def _is_met(condition: Expr, holds: bool, scene: Scene, at: Mapping[str, float], chosen: Mapping[str, float]) -> bool:
    value = evaluate(condition, scene, at, chosen)[0]
    return 0.0 not in value if holds else value == point(0.0)


def _places(exprs: tuple[Expr, ...], scene: Scene) -> dict[str, float]:
    """The distances that expressions use, and those of the other negatives if they differ."""
    parts = [part for expr in exprs for part in walk(expr)]
    used = sorted({part.of for part in parts if isinstance(part, Distance)})
    places = {pretty_expr(Distance(of)): scene.of(of)[0] for of in used}
    if any(isinstance(part, Reduce) for part in parts):
        others = [of for of in used if len(set(scene.of(of))) > 1]
        places |= {f"{pretty_expr(Distance(of))} of half of the negatives": scene.of(of)[1] for of in others}
    return places


def _variables(expr: Expr) -> set[str]:
    return {part.name for part in walk(expr) if part.kind == "var"}


def _graphs(function: Function, scope: Scope, setting: Setting) -> Iterator[tuple[Mapping[str, float], Graph]]:
    """The graph of the function over arguments that can occur, for each setting of the parameters."""
    given = setting.given.get(function.argument)
    mentioned = _mentioned(function.body, setting.parameters)
    if given is not None:
        mentioned = tuple(dict.fromkeys((*mentioned, *_mentioned(given, setting.parameters))))
    cost = (STEPS + 1) * count_parts(function.body)
    for at in _settings(mentioned, min(SETTINGS, max(1, EFFORT // cost))):
        arguments = _grid(scope.variables[function.argument]) if given is None else _attained(given, at, setting)
        values = [(value, evaluate(function.body, NOWHERE, at, {function.argument: value})[0]) for value in arguments]
        graph = [pair for pair in values if math.isfinite(pair[1].low) and math.isfinite(pair[1].high)]
        yield at, graph


def _attained(given: Expr, at: Mapping[str, float], setting: Setting) -> list[float]:
    """Values that an expression of distances takes, in order and thinned out; values in between occur too, since it is
    continuous."""
    attained = []
    for scene in islice(scenes_for(setting.space, given), max(1, EFFORT // (20 * count_parts(given)))):
        value = evaluate(given, scene, at)[0]
        attained += [_middle(value)] if math.isfinite(value.low) and math.isfinite(value.high) else []
    attained = sorted(set(attained))
    step = max(1, len(attained) // STEPS)
    return [*attained[:-1:step], *attained[-1:]]


def _settings(parameters: tuple[Parameter, ...], count: int) -> Iterator[dict[str, float]]:
    """The current values of the parameters, then others from their intervals, simple numbers first."""
    rng = random.Random(0)
    plain = {
        parameter.name: [*(value for value in PLAIN if value in parameter.interval), parameter.value]
        for parameter in parameters
    }
    yield {parameter.name: parameter.value for parameter in parameters}
    for turn in range(count if parameters else 0):
        if turn < len(PLAIN):
            yield {name: values[turn % len(values)] for name, values in plain.items()}
        else:
            yield {parameter.name: rng.choice(_grid(parameter.interval)) for parameter in parameters}


def _grid(domain: Interval) -> list[float]:
    """Points of an interval in order: evenly spaced, or increasingly far apart towards an infinite end."""
    match math.isinf(domain.low), math.isinf(domain.high):
        case True, True:
            points = [*(-point for point in reversed(FAR)), 0.0, *FAR]
        case True, False:
            points = [*(domain.high - point for point in reversed(FAR)), domain.high]
        case False, True:
            points = [domain.low, *(domain.low + point for point in FAR)]
        case _:
            width = domain.high - domain.low
            points = [domain.low + width * step / STEPS for step in range(STEPS + 1)]
    rounded = (float(f"{point:.6g}") for point in points)
    return [point for point in dict.fromkeys(rounded) if point in domain] or [(domain.low + domain.high) / 2]


def _thinned(grid: list[float]) -> list[float]:
    """A few points of a grid, including its ends."""
    step = max(1, len(grid) // ARGUMENTS)
    return [*grid[:-1:step], grid[-1]]


def _ways_down(graph: Graph) -> Iterator[tuple[int, int]]:
    start = 0
    for at in range(1, len(graph) + 1):
        if at == len(graph) or graph[at - 1][1].low <= graph[at][1].high:
            if at - 1 > start:
                yield start, at - 1
            start = at


def _mentioned(expr: Expr, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    used = {part.name for part in walk(expr) if isinstance(part, Param)}
    return tuple(parameter for parameter in parameters if parameter.name in used)


def _middle(interval: Interval) -> float:
    return interval.low / 2 + interval.high / 2


def _examples(argument: str, graph: Graph, at: Mapping[str, float]) -> tuple[Example, ...]:
    first, *others = ((value, _middle(interval)) for value, interval in graph)
    return (
        Example(((argument, first[0]), *at.items()), first[1]),
        *(Example(((argument, name),), value) for name, value in others),
    )
