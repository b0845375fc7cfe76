"""An IR as text an author would write: an expression in the paper's letters, and a loss as a self-contained spec.

The spec text of a checked loss has its parents folded in and its functions expanded; reading it again gives the same
loss. That is what a run folder keeps.
"""

from alphadsl.ir.core import Core, Derived
from alphadsl.ir.interval import REAL, Interval
from alphadsl.ir.nodes import (
    AlphaGradient,
    Apply,
    Coordinate,
    Count,
    Direct,
    Distance,
    Expr,
    Function,
    Inverse,
    Loss,
    MinPlayer,
    Multiplier,
    Num,
    Over,
    Param,
    Parameter,
    Proportional,
    Quantity,
    Reduce,
    Statistic,
    Var,
)

DISTANCES = {
    Quantity.POSITIVE: "d[i]^2",
    Quantity.NEGATIVE: "d[i,j]^2",
    Quantity.GAP: "d[i]^2 - d[i,j]^2",
}
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}
SUM, NEGATION, PRODUCT, POWER, ATOM = 2, 3, 4, 6, 9


def pretty_expr(expr: Expr) -> str:
    """The expression as spec text."""
    return _written(expr)[0]


def pretty_function(name: str, function: Function) -> str:
    return f"{name}({function.argument}) = {pretty_expr(function.body)}"


def pretty_loss(loss: Loss) -> str:
    """The loss as a spec of its own, ready to be saved, read and loaded again."""
    lines = [f"  pairs {loss.pairs.value}", ""]
    lines += [f"  {_parameter(parameter)}" for parameter in loss.parameters]
    lines += [""] if loss.parameters else []
    lines += [f"  {line}" for line in _family(loss)]
    return "\n".join([f"loss {loss.name} {{", *lines, "}"]) + "\n"


def pretty_number(value: float) -> str:
    return repr(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def pretty_interval(interval: Interval) -> str:
    left, right = "[("[interval.low_open], "])"[interval.high_open]
    return f"{left}{_end(interval.low)}, {_end(interval.high)}{right}"


def _parameter(parameter: Parameter) -> str:
    bounds = "" if parameter.interval == REAL else f" in {pretty_interval(parameter.interval)}"
    doc = f'   "{parameter.doc}"' if parameter.doc else ""
    return f"param {parameter.name} = {pretty_number(parameter.value)}{bounds}{doc}"


def _end(value: float) -> str:
    return str(value) if value in (float("inf"), float("-inf")) else pretty_number(value)


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
    through = loss.alpha_gradient == AlphaGradient.THROUGH
    return [*lines, "gradient through alpha"] if through else lines


def _written(expr: Expr) -> tuple[str, int]:
    match expr:
        case Num(value):
            return pretty_number(value), ATOM if value >= 0 else NEGATION
        case Param(name) | Var(name):
            return name, ATOM
        case Statistic(name):
            return f"{name}[i]", ATOM
        case Distance(of):
            return DISTANCES[of], SUM if of == Quantity.GAP else POWER
        case Count():
            return "count[i]", ATOM
        case Apply(op, args):
            return _applied(op, args)
        case Reduce(Over() as over, body):
            return f"{over.value}_j({pretty_expr(body)})", ATOM
        case Inverse(slope, _, target):
            return f"inverse({pretty_function('slope', slope)})({pretty_expr(target)})", ATOM
        case Multiplier(method):
            return f"multiplier[i](by {method.value} of {pretty_function('alpha', expr.response)})", ATOM


def _applied(op: str, args: tuple[Expr, ...]) -> tuple[str, int]:
    match op, args:
        case "add", (a, Apply("neg", (b,))):
            return f"{_within(a, SUM)} - {_within(b, PRODUCT)}", SUM
        case "add", (a, b):
            return f"{_within(a, SUM)} + {_within(b, NEGATION)}", SUM
        case "neg", (a,):
            return f"-{_within(a, PRODUCT)}", NEGATION
        case (("mul" | "div"), (Apply("neg") as a, b)):
            return f"{_within(a, NEGATION)} {'*' if op == 'mul' else '/'} {_within(b, PRODUCT + 1)}", PRODUCT
        case "mul", (a, b):
            return f"{_within(a, PRODUCT)} * {_within(b, PRODUCT + 1)}", PRODUCT
        case "div" | "share", (a, b):
            return f"{_within(a, PRODUCT)} / {_within(b, PRODUCT + 1)}", PRODUCT
        case "sqrt", (Distance(Quantity.POSITIVE | Quantity.NEGATIVE as of),):
            return DISTANCES[of].removesuffix("^2"), ATOM
        case "pow", (Distance(Quantity.POSITIVE | Quantity.NEGATIVE as of), Num(half)) if half == 0.5:
            return DISTANCES[of].removesuffix("^2"), ATOM
        case "pow", (Distance(Quantity.POSITIVE | Quantity.NEGATIVE as of), exponent):
            return f"{DISTANCES[of].removesuffix('^2')}^{_within(_doubled(exponent), ATOM)}", POWER
        case "pow", (a, b):
            return f"{_within(a, ATOM)}^{_within(b, ATOM)}", POWER
        case _ if op in COMPARISONS:
            a, b = args
            return f"{_within(a, SUM)} {COMPARISONS[op]} {_within(b, SUM)}", 1
        case _:
            return f"{op}({', '.join(pretty_expr(arg) for arg in args)})", ATOM


def _doubled(exponent: Expr) -> Expr:
    """(d^2)^e is shown as d^(2 e)."""
    match exponent:
        case Num(value):
            return Num(2 * value)
        case Apply("mul", (Num(0.5), rest)):
            return rest
        case _:
            return Apply("mul", (Num(2.0), exponent))


def _within(expr: Expr, tightness: int) -> str:
    text, binding = _written(expr)
    return text if binding >= tightness else f"({text})"


def pretty_derived(derived: Derived) -> str:
    """The three quantities of the core, a line each."""
    rows = (("value[i]", derived.value), ("beta[i]", derived.attract), ("alpha[i,j]", derived.repel))
    return "".join(f"{name} = {pretty_expr(expr)}\n" for name, expr in rows)


def pretty_schedule(core: Core) -> str:
    """The row statistics by sweep over the pairs, then the quantities that use them."""
    lines = [
        f"sweep {statistic.sweep}: {statistic.name}[i] = {pretty_expr(statistic.definition)}\n"
        for statistic in core.statistics
    ]
    return "".join(lines) + pretty_derived(core.derived)
