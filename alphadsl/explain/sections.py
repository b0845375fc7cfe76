"""Sections of the page of a loss, each a list of lines: what it minimises, weights, curve, parameters, LaTeX."""

import textwrap
from collections.abc import Iterable, Iterator

from alphadsl.explain.blocks import draw_blocks
from alphadsl.explain.curve import FARTHEST, Curve
from alphadsl.explain.formulas import Formulas
from alphadsl.ir.kinds import AlphaGradient, Shape
from alphadsl.ir.latex import PAIR, latex_expr, latex_loss
from alphadsl.ir.nodes import Coordinate, Direct, Expr, General, Loss, MinPlayer, Multiplier, Num, Proportional
from alphadsl.ir.parameter import Fixed, Learned, Parameter, Schedule
from alphadsl.ir.pretty import pretty_expr, pretty_function, pretty_interval, pretty_number

WIDTH = 98
UNBROKEN = "\N{NO-BREAK SPACE}"
SOLVED = "such that alpha sums to one over j"


def minimised(loss: Loss) -> list[str]:
    held = "alpha[i,j]" if loss.alpha_gradient == AlphaGradient.THROUGH else "stopgrad(alpha[i,j])"
    energy = f"mean_i sum_j {held} (d[i]^2 - d[i,j]^2)"
    match loss.family:
        case Coordinate(phi, psi, weight):
            weighed = "" if weight == Num(1.0) else "weight[i,j] "
            stated = [f"weight[i,j] = {pretty_expr(weight)}"] if weighed else []
            whole = f"mean_i phi(sum_j {weighed}psi(d[i]^2 - d[i,j]^2))"
            return [whole, pretty_function("phi", phi), pretty_function("psi", psi), *stated]
        case Direct(alpha):
            return [energy, f"alpha[i,j] = {pretty_expr(alpha)}"]
        case Proportional(alpha):
            return [energy, f"alpha[i,j] ~ {pretty_expr(alpha)}, rows summing to one"]
        case MinPlayer(regulariser):
            player = "alpha[i,:] = argmin over the simplex of sum_j a_j d[i,j]^2 - sum_j R(a_j)"
            return [energy, player, pretty_function("R", regulariser)]
        case General(value):
            return ["mean_i loss[i]", f"loss[i] = {pretty_expr(value)}"]


def weights(formulas: Formulas) -> list[str]:
    rows = [("beta[i]", f"= {pretty_expr(formulas.beta)}"), ("alpha[i,j]", f"= {pretty_expr(formulas.alpha)}")]
    rows += [(pretty_expr(name), _definition(formula)) for name, formula in formulas.named]
    rows += [("lambda[i]", SOLVED)] if formulas.solved else []
    wide = max(len(name) for name, _ in rows)
    return [f"{name:{wide}} {text}" for name, text in rows]


def _definition(expr: Expr) -> str:
    match expr:
        case Multiplier(_, response, _, cost):
            bought = f"{pretty_expr(response.body)} at {response.argument} = {pretty_expr(cost)} + lambda[i]"
            return f"such that it sums to one over j: {bought}"
        case _:
            return f"= {pretty_expr(expr)}"


def drawn(curve: Curve) -> list[str]:
    """The plot with its scales: alpha from its minimum, or 0, to its maximum, and d from 0 to the far side."""
    low, high = min(0.0, float(curve.alpha_C.min())), max(0.0, float(curve.alpha_C.max()))
    rows = draw_blocks([float(alpha) for alpha in curve.alpha_C])
    scales = [f"{high:.2g}", *[""] * (len(rows) - 2), f"{low:.2g}"]
    wide = max(len(scale) for scale in scales)
    lines = [f"{scale:>{wide}} |{row.rstrip()}" for scale, row in zip(scales, rows, strict=True)]
    floor = " " * wide + " +" + "-" * len(curve.d_C)
    end = f"d = {FARTHEST:.3g}"
    foot = " " * wide + "  d = 0" + " " * (len(curve.d_C) - len("d = 0") - len(end)) + end
    count = f"{curve.effective_negatives:.3g} of {len(curve.d_C)}"
    return [*lines, floor, foot, f"effective number of negatives (exp of the entropy of the row): {count}"]


def parameter(declared: Parameter) -> tuple[str, str]:
    match declared.role:
        case Fixed():
            name, moves = f"{declared.name} = {pretty_number(declared.value)}", ""
        case Learned():
            name, moves = f"{declared.name} = {pretty_number(declared.value)}", " (learned; this is where it starts)"
        case Schedule(shape, start, end, at):
            when = f" at {pretty_number(at)} of training" if shape == Shape.STEP else " over training"
            path = f"{shape.value} from {pretty_number(start)} to {pretty_number(end)}{when}"
            name, moves = f"{declared.name} = {pretty_number(declared.value)}", f" ({path}; here as it starts)"
    doc = f"  {declared.doc}" if declared.doc else ""
    return name, f"in {pretty_interval(declared.interval)}{doc}{moves}"


def latex_lines(loss: Loss, formulas: Formulas) -> list[str]:
    defined = [(name, formula) for name, formula in formulas.named if not isinstance(formula, Multiplier)]
    named = [f"{latex_expr(name)} = {latex_expr(formula)}" for name, formula in defined]
    solved = [r"\lambda_{i} : \quad \sum_{j} \alpha_{ij} = 1"] if formulas.solved else []
    beta, alpha = latex_expr(formulas.beta), latex_expr(formulas.alpha, PAIR)
    return [*latex_loss(loss), rf"\beta_{{i}} = {beta}", rf"\alpha_{{ij}} = {alpha}", *named, *solved]


def table(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Two columns, with the second wrapped."""
    return list(_folded(list(rows)))


def _folded(rows: list[tuple[str, str]]) -> Iterator[str]:
    wide = max((len(name) for name, _ in rows), default=0) + 2
    for name, text in rows:
        first, *more = textwrap.wrap(text, WIDTH - wide, break_long_words=False) or [""]
        yield f"{name:{wide}}{first}".rstrip().replace(UNBROKEN, " ")
        yield from (" " * wide + line.replace(UNBROKEN, " ") for line in more)
