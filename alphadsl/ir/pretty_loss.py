"""A loss as a self-contained spec, and its derived quantities line by line.

The spec text of a checked loss has its parents merged in and its functions expanded; the losses whose importances it
uses come first. Reading the text again gives the same loss. A run folder stores this text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from alphadsl.ir.derived import Derived
from alphadsl.ir.interval import REAL
from alphadsl.ir.kinds import AlphaGradient, Shape, Space, Streaming
from alphadsl.ir.nodes import Coordinate, Direct, General, Loss, MinPlayer, Num, Proportional
from alphadsl.ir.parameter import Fixed, Learned, Parameter, Schedule
from alphadsl.ir.pretty import INDICES, pretty_expr, pretty_function, pretty_interval, pretty_number
from alphadsl.ir.traversal import losses_in, parameters_in

if TYPE_CHECKING:
    from alphadsl.ir.core import Core


def pretty_loss(loss: Loss) -> str:
    """The loss as a self-contained spec that can be saved and loaded again."""
    return "\n".join(_one(written) for written in [*_used(loss, loss.parameters), loss])


def _used(loss: Loss, parameters: Sequence[Parameter]) -> Iterator[Loss]:
    """The losses whose importances are used, innermost first, each with the parameters that it depends on."""
    for used in losses_in(loss.family):
        yield from _used(used, parameters)
        names = parameters_in(used.family)
        yield replace(used, parameters=tuple(parameter for parameter in parameters if parameter.name in names))


def _one(loss: Loss) -> str:
    head = [f"pairs {loss.pairs.name}"]
    head += [] if loss.space == Space.SPHERE else [f"space {loss.space.value}"]
    parameters = [_parameter(parameter) for parameter in loss.parameters]
    parts = [head, parameters, _family(loss)]
    lines = ["\n".join(f"  {line}" for line in part) for part in parts if part]
    return "\n".join([f"loss {loss.name} {{", "\n\n".join(lines), "}"]) + "\n"


def _parameter(parameter: Parameter) -> str:
    bounds = "" if parameter.interval == REAL else f" in {pretty_interval(parameter.interval)}"
    doc = f'   "{parameter.doc}"' if parameter.doc else ""
    match parameter.role:
        case Fixed():
            word, value = "param", pretty_number(parameter.value)
        case Learned():
            word, value = "learn", pretty_number(parameter.value)
        case Schedule(shape, start, end, at):
            ends = [start, end, at] if shape == Shape.STEP else [start, end]
            word, value = "param", f"{shape.value}({', '.join(map(pretty_number, ends))})"
    return f"{word} {parameter.name} = {value}{bounds}{doc}"


def _family(loss: Loss) -> list[str]:
    match loss.family:
        case Coordinate(phi, psi, weight):
            weighing = [] if weight == Num(1.0) else [f"weight[i,j] = {pretty_expr(weight)}"]
            lines = [pretty_function("phi", phi), pretty_function("psi", psi), *weighing]
        case Direct(alpha):
            lines = [f"alpha[i,j] = {pretty_expr(alpha)}"]
        case Proportional(alpha):
            lines = [f"alpha[i,j] ~ {pretty_expr(alpha)}"]
        case MinPlayer(regulariser):
            lines = [pretty_function("R", regulariser), "alpha in simplex"]
        case General(value):
            lines = [f"loss[i] = {pretty_expr(value)}"]
    through = loss.alpha_gradient == AlphaGradient.THROUGH
    return [*lines, "gradient through alpha"] if through else lines


def pretty_derived(derived: Derived) -> str:
    """The derived quantities, one line each."""
    rows = [("value[i]", derived.value), ("beta[i]", derived.attract), ("alpha[i,j]", derived.repel)]
    if derived.radial:
        rows += zip(("beta of distances[i]", "alpha of distances[i,j]"), derived.radial, strict=True)
    rows += [(f"slope of {name}[i]", slope) for name, slope in derived.slopes]
    return "".join(f"{name} = {pretty_expr(expr)}\n" for name, expr in rows)


STREAMING = {
    Streaming.TILES: "streams by tiles, statistics carried online",
    Streaming.ROW_BLOCKS: "streams by blocks of whole rows, which a multiplier or several positives need at once",
    Streaming.NONE: "stays dense: it needs whole rows and statistics of the batch at once",
}


def pretty_schedule(core: "Core") -> str:
    """The passes over the pairs, each with its statistics, then the quantities that use them."""
    lines = [f"# {core.name} {STREAMING[core.streaming]}"]
    for sweep in core.passes:
        lines += [
            f"pass {sweep.number}: {statistic.name}{INDICES[statistic.level]} = {pretty_expr(statistic.definition)}"
            for statistic in sweep.rows
        ]
        lines += [f"pass {sweep.number}: push by alpha[i,j]"] if sweep.pushes else []
        lines += [
            f"after pass {sweep.number}: {statistic.name} = {pretty_expr(statistic.definition)}"
            for statistic in sweep.pooled
        ]
    return "\n".join(lines) + "\n" + pretty_derived(core.derived)
