"""An expression as an author would write it, in the notation of the paper."""

from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Among, Level, Over, Quantity
from alphadsl.ir.nodes import (
    Anchors,
    Apply,
    Count,
    Distance,
    Expr,
    Function,
    Gather,
    Importance,
    Inverse,
    Multiplier,
    Num,
    Param,
    Pool,
    Reduce,
    Statistic,
    Var,
)
from alphadsl.ir.traversal import parameters_in

SUM, NEGATION, PRODUCT, POWER, ATOM = 2, 3, 4, 6, 9

DISTANCES = {
    Quantity.POSITIVE: "d[i]^2",
    Quantity.NEGATIVE: "d[i,j]^2",
    Quantity.GAP: "d[i]^2 - d[i,j]^2",
    Quantity.INNER_POSITIVE: "s[i]",
    Quantity.INNER_NEGATIVE: "s[i,j]",
}
BINDINGS = {Quantity.GAP: SUM, Quantity.INNER_POSITIVE: ATOM, Quantity.INNER_NEGATIVE: ATOM}
INDICES = {Level.ROW: "[i]", Level.PAIR: "[i,j]"}
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}


def pretty_expr(expr: Expr) -> str:
    """The expression as spec text."""
    return _written(expr)[0]


def pretty_function(name: str, function: Function) -> str:
    return f"{name}({function.argument}) = {pretty_expr(function.body)}"


def pretty_number(value: float) -> str:
    return repr(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def pretty_interval(interval: Interval) -> str:
    left, right = "[("[interval.low_open], "])"[interval.high_open]
    return f"{left}{_end(interval.low)}, {_end(interval.high)}{right}"


def _end(value: float) -> str:
    return str(value) if value in (float("inf"), float("-inf")) else pretty_number(value)


def _written(expr: Expr) -> tuple[str, int]:
    match expr:
        case Num(value):
            return pretty_number(value), ATOM if value >= 0 else NEGATION
        case Param(name) | Var(name):
            return name, ATOM
        case Statistic(name, level):
            return f"{name}{INDICES.get(level, '')}", ATOM
        case Distance(of):
            return DISTANCES[of], BINDINGS.get(of, POWER)
        case Count():
            return "count[i]", ATOM
        case Anchors():
            return "anchors", ATOM
        case Apply(op, args):
            return _applied(op, args)
        case Reduce(Over() as over, body):
            return f"{over.value}_j({pretty_expr(body)})", ATOM
        case Gather(Over() as over, body, among, but_one):
            index = {Among.NEGATIVES: "j", Among.POSITIVES: "p"}[among]
            return f"{over.value}_{index}{'_but_one' if but_one else ''}({pretty_expr(body)})", ATOM
        case Pool(Over() as over, body):
            return f"{over.value}_i({pretty_expr(body)})", ATOM
        case Importance(of):
            settings = ", ".join(f"{name} = {name}" for name in parameters_in(of.family))
            return f"{of.name}{f'({settings})' if settings else ''}.alpha[i,j]", ATOM
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
            return f"{DISTANCES[of].removesuffix('^2')}^{_within(doubled(exponent), ATOM)}", POWER
        case "pow", (a, b):
            return f"{_within(a, ATOM)}^{_within(b, ATOM)}", POWER
        case _ if op in COMPARISONS:
            a, b = args
            return f"{_within(a, SUM)} {COMPARISONS[op]} {_within(b, SUM)}", 1
        case _:
            return f"{op}({', '.join(pretty_expr(arg) for arg in args)})", ATOM


def doubled(exponent: Expr) -> Expr:
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
