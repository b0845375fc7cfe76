"""Expressions, losses and derived weights as LaTeX, in the letters of Tian 2022: for a paper, not for the compiler.

Every reduction gets a fresh index: the sums in alpha_ij run over k. Only commands that matplotlib's mathtext knows are
used, so that a formula can also be drawn.
"""

from dataclasses import dataclass, replace

from alphadsl.ir.derived import Derived
from alphadsl.ir.kinds import AlphaGradient, Over, Quantity
from alphadsl.ir.latex_letters import letter, number, upright
from alphadsl.ir.nodes import (
    Anchors,
    Apply,
    Coordinate,
    Count,
    Direct,
    Distance,
    Expr,
    Function,
    Gather,
    General,
    Importance,
    Inverse,
    Loss,
    MinPlayer,
    Multiplier,
    Num,
    Param,
    Pool,
    Proportional,
    Reduce,
    Statistic,
    Var,
)
from alphadsl.ir.pretty import doubled
from alphadsl.ir.traversal import level_of

SUM, NEGATION, PRODUCT, POWER, ATOM = 2, 3, 4, 6, 9
NEGATIVES = "jklmpq"
COMPARISONS = {"lt": "<", "le": r"\leq", "gt": ">", "ge": r"\geq", "eq": "="}
BRACKETS = {
    "exp": (r"\exp\left(", r"\right)"),
    "log": (r"\log\left(", r"\right)"),
    "tanh": (r"\tanh\left(", r"\right)"),
    "min": (r"\min\left(", r"\right)"),
    "max": (r"\max\left(", r"\right)"),
    "sigmoid": (r"\sigma\left(", r"\right)"),
    "stopgrad": (r"\mathrm{sg}\left[", r"\right]"),
    "relu": (r"\left[", r"\right]_+"),
    "abs": (r"\left|", r"\right|"),
    "sqrt": (r"\sqrt{", "}"),
}
REDUCTIONS = {
    Over.MAX: r"\max",
    Over.MIN: r"\min",
    Over.MEAN: r"\mathrm{mean}",
    Over.LOGSUMEXP: r"\mathrm{logsumexp}",
}


@dataclass(frozen=True)
class Indices:
    """The letters in use: that of the anchor, and those of its negatives, bound at nesting depth `depth`."""

    anchor: str = "i"
    depth: int = -1

    @property
    def negative(self) -> str:
        return NEGATIVES[max(self.depth, 0) % len(NEGATIVES)]

    @property
    def pair(self) -> str:
        return self.anchor + self.negative

    @property
    def over_negatives(self) -> "Indices":
        return replace(self, depth=self.depth + 1)

    @property
    def over_anchors(self) -> "Indices":
        return Indices(self.anchor + "'")


ROW, PAIR = Indices(), Indices(depth=0)


def latex_expr(expr: Expr, at: Indices = ROW) -> str:
    """The expression as LaTeX; `at` is `PAIR` for one with the indices [i,j]."""
    return _written(expr, at)[0]


def latex_function(name: str, function: Function) -> str:
    return f"{name}({letter(function.argument)}) = {latex_expr(function.body)}"


def latex_loss(loss: Loss) -> tuple[str, ...]:
    """The objective that is minimised, then the definitions that the author gives, one formula each."""
    mean, gap = r"\mathcal{L} = \frac{1}{A} \sum_{i}", r"\left(d_{i}^2 - d_{ij}^2\right)"
    held = r"\alpha_{ij}" if loss.alpha_gradient == AlphaGradient.THROUGH else r"\mathrm{sg}\left[\alpha_{ij}\right]"
    energy = rf"{mean} \sum_{{j}} {held} {gap}"
    match loss.family:
        case Coordinate(phi, psi, weight):
            plain = weight == Num(1.0)
            stated = () if plain else (f"w_{{ij}} = {latex_expr(weight, PAIR)}",)
            whole = rf"{mean} \phi\left(\sum_{{j}} {'' if plain else 'w_{ij} '}\psi{gap}\right)"
            return whole, latex_function(r"\phi", phi), latex_function(r"\psi", psi), *stated
        case Direct(alpha):
            return energy, rf"\alpha_{{ij}} = {latex_expr(alpha, PAIR)}"
        case Proportional(alpha):
            return energy, rf"\alpha_{{ij}} \propto {latex_expr(alpha, PAIR)}, \quad \sum_{{j}} \alpha_{{ij}} = 1"
        case MinPlayer(regulariser):
            player = r"\alpha_{i} = \mathrm{argmin}_{a \in \Delta} \; \sum_{j} a_{j} d_{ij}^2 - \sum_{j} R(a_{j})"
            return energy, player, latex_function("R", regulariser)
        case General(value):
            return f"{mean} L_{{i}}", f"L_{{i}} = {latex_expr(value)}"


def latex_derived(derived: Derived) -> tuple[str, str]:
    """The right-hand sides of beta_i and alpha_ij."""
    return latex_expr(derived.attract), latex_expr(derived.repel, PAIR)


def _written(expr: Expr, at: Indices) -> tuple[str, int]:
    match expr:
        case Num(value):
            return number(value), ATOM if value >= 0 else NEGATION
        case Param(name) | Var(name):
            return letter(name), ATOM
        case Statistic(name):
            return letter(name, at.anchor if level_of(expr) > 1 else ""), ATOM
        case Distance(of):
            return _distance(of, at)
        case Count():
            return f"n_{{{at.anchor}}}", ATOM
        case Anchors():
            return "A", ATOM
        case Apply(op, args):
            return _applied(op, args, at)
        case Reduce(over, body):
            return _reduced(over, body, at.over_negatives, at.over_negatives.negative)
        case Pool(over, body):
            return _reduced(over, body, at.over_anchors, at.over_anchors.anchor)
        case Gather():
            raise AssertionError("formulas are shown before labelled anchors are put together")
        case Importance(of):
            return rf"\alpha^{{{upright(of.name)}}}_{{{at.pair}}}", POWER
        case Inverse(_, _, target):
            return rf"\left(R'\right)^{{-1}}\left({latex_expr(target, at)}\right)", ATOM
        case Multiplier():
            return rf"\lambda_{{{at.anchor}}}", ATOM


def _distance(of: Quantity, at: Indices) -> tuple[str, int]:
    match of:
        case Quantity.POSITIVE:
            return f"d_{{{at.anchor}}}^2", POWER
        case Quantity.NEGATIVE:
            return f"d_{{{at.pair}}}^2", POWER
        case Quantity.GAP:
            return f"d_{{{at.anchor}}}^2 - d_{{{at.pair}}}^2", SUM
        case Quantity.INNER_POSITIVE:
            return f"s_{{{at.anchor}}}", ATOM
        case Quantity.INNER_NEGATIVE:
            return f"s_{{{at.pair}}}", ATOM


def _reduced(over: Over, body: Expr, inside: Indices, index: str) -> tuple[str, int]:
    """A sum extends to the next plus sign; the other reductions apply to the factor that follows them."""
    if over == Over.SUM:
        return rf"\sum_{{{index}}} {_within(body, NEGATION + 1, inside)}", NEGATION
    return rf"{REDUCTIONS[over]}_{{{index}}} {_within(body, POWER, inside)}", PRODUCT


def _applied(op: str, args: tuple[Expr, ...], at: Indices) -> tuple[str, int]:
    match op, args:
        case "add", (a, Apply("neg", (b,))):
            return f"{_within(a, SUM, at)} - {_within(b, PRODUCT, at)}", SUM
        case "add", (a, Num(value)) if value < 0:
            return f"{_within(a, SUM, at)} - {number(-value)}", SUM
        case "add", (a, b):
            return f"{_within(a, SUM, at)} + {_within(b, NEGATION, at)}", SUM
        case "neg", (a,):
            return f"-{_within(a, PRODUCT, at)}", NEGATION
        case "mul", (a, b):
            left, right = _within(a, PRODUCT, at), _within(b, PRODUCT, at)
            return rf"{left} \cdot {right}" if right[0].isdigit() else rf"{left} \, {right}", PRODUCT
        case "div" | "share", (a, b):
            return rf"\frac{{{latex_expr(a, at)}}}{{{latex_expr(b, at)}}}", PRODUCT + 1
        case "sqrt", (Distance(Quantity.POSITIVE | Quantity.NEGATIVE as of),):
            return _distance(of, at)[0].removesuffix("^2"), ATOM
        case (("pow" | "pow0"), (a, exponent)):
            return _power(a, exponent, at)
        case ("finite", (a,)) | ("carry", (a, _)):
            return _written(a, at)
        case "where", (condition, a, b):
            cases = ", ".join((_condition(condition, at), latex_expr(a, at), latex_expr(b, at)))
            return rf"\mathrm{{where}}\left({cases}\right)", ATOM
        case _ if op in COMPARISONS:
            return rf"\mathbb{{1}}\left[{_condition(Apply(op, args), at)}\right]", ATOM
        case "exp", (a,) if len(text := latex_expr(a, at)) < 12:
            return f"e^{{{text}}}", POWER
        case _:
            opening, closing = BRACKETS.get(op, (rf"{upright(op)}\left(", r"\right)"))
            return f"{opening}{', '.join(latex_expr(arg, at) for arg in args)}{closing}", ATOM


def _power(base: Expr, exponent: Expr, at: Indices) -> tuple[str, int]:
    match base, exponent:
        case Distance(Quantity.POSITIVE | Quantity.NEGATIVE as of), _:
            bare, whole = _distance(of, at)[0].removesuffix("^2"), latex_expr(doubled(exponent), at)
            return (bare, ATOM) if whole == "1" else (f"{bare}^{{{whole}}}", POWER)
        case _, Num(0.5):
            return rf"\sqrt{{{latex_expr(base, at)}}}", ATOM
        case _:
            return f"{_within(base, ATOM, at)}^{{{latex_expr(exponent, at)}}}", POWER


def _condition(expr: Expr, at: Indices) -> str:
    match expr:
        case Apply(op, (a, b)) if op in COMPARISONS:
            return f"{_within(a, SUM, at)} {COMPARISONS[op]} {_within(b, SUM, at)}"
        case _:
            return latex_expr(expr, at)


def _within(expr: Expr, tightness: int, at: Indices) -> str:
    text, binding = _written(expr, at)
    return text if binding >= tightness else rf"\left({text}\right)"
