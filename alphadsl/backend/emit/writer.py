"""Expressions as torch code: operator precedence, which expressions are named, and what the names are.

Built from IR nodes only, never from an author's strings except checked identifiers. Names carry their shape: `_1` has
one number for the batch, `_A1` one per row, `_AC` one per pair. An expression that is used more than once is named.
"""

from collections import Counter
from collections.abc import Iterable

from alphadsl.backend.emit.masks import split_mask
from alphadsl.backend.identifier import identifier
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.kinds import Geometry, Level, Quantity
from alphadsl.ir.nodes import Anchors, Apply, Count, Distance, Expr, Function, Inverse, Num, Param, Var
from alphadsl.ir.traversal import children, level_of, walk

NAMES = {
    Quantity.POSITIVE: "d2_A1",
    Quantity.NEGATIVE: "d2_AC",
    Quantity.GAP: "gap_AC",
    Quantity.INNER_POSITIVE: "s_A1",
    Quantity.INNER_NEGATIVE: "s_AC",
}
# Where distances come from differences, s on the sphere stands for s - 1.
FORMULAS = {
    Geometry.SPHERE: {
        Quantity.POSITIVE: "1 - s_A1",
        Quantity.NEGATIVE: "1 - s_AC",
        Quantity.GAP: "s_AC - s_A1",
    },
    Geometry.NEAR_SPHERE: {
        Quantity.POSITIVE: "-s_A1",
        Quantity.NEGATIVE: "-s_AC",
        Quantity.GAP: "s_AC - s_A1",
    },
    Geometry.EUCLIDEAN: {Quantity.GAP: "d2_A1 - d2_AC"},
    Geometry.NEAR_EUCLIDEAN: {Quantity.GAP: "d2_A1 - d2_AC"},
}
ANCHORS = "weight_A1.sum((-3, -2), keepdim=True)"
SUFFIX = {Level.PAIR: "_AC", Level.ROW: "_A1", Level.BATCH: "_1", Level.CONSTANT: ""}
RUNTIME_FUNCTIONS = (
    "softplus",
    "share",
    "log_difference",
    "log_share",
    "log_softplus",
    "pow0",
    "log_pow0",
    "finite",
    "carry",
    "masked",
    "exp_difference",
    "distance_power",
    "quick_power",
)
RUNTIME_BUT_ONE = ("sum_but_one", "logsumexp_but_one", "amax_but_one", "amin_but_one")
RUNTIME_SOLVERS = ("projected_multiplier", "root_multiplier", "invert")
BINDING = {"add": 1, "neg": 2, "mul": 3, "div": 3, "pow": 5}
ATOMIC = 9


class Writer:
    """The lines of one function. `known` maps expressions to the names they already have. `like` is a tensor argument
    with the dtype and device of the function."""

    def __init__(self, geometry: Geometry, roots: Iterable[Expr], known: dict[Expr, str], like: str) -> None:
        self.lines: list[str] = []
        self._like = like
        self._formulas = FORMULAS[geometry]
        self.names: dict[Expr, str] = {Distance(of): NAMES[of] for of in Quantity if of not in self._formulas} | known
        self._functions: dict[Function, str] = {}
        self._uses = _count_uses(tuple(roots))

    def shaped(self, expr: Expr, level: Level, outer: int = 0) -> str:
        """The text of an expression, expanded to at least a level: a constant is spread over rows or pairs."""
        like = f"s{SUFFIX[level]}"
        match expr:
            case Num(value):
                return f"torch.full_like({like}, {_number(value)})"
            case _ if level_of(expr) < level:
                return f"{self.text(expr, BINDING['mul'])} * torch.ones_like({like})"
            case _:
                return self.text(expr, outer)

    def function(self, role: str, function: Function) -> str:
        """The name of a local function, which is defined above its first use."""
        if function not in self._functions:
            body = self.text(function.body)
            self._functions[function] = name = f"{role}{len(self._functions) + 1}"
            self.lines += [f"def {name}({identifier(function.argument)}):", f"    return {body}"]
        return self._functions[function]

    def argument(self, expr: Expr) -> str:
        """The text of an expression as a tensor, even if it consists of numbers only."""
        numeric = all(isinstance(part, Num) or (isinstance(part, Apply) and part.op in BINDING) for part in walk(expr))
        return f"{self._like}.new_full((), {self.text(expr)})" if numeric else self.text(expr)

    def text(self, expr: Expr, outer: int = 0) -> str:
        """The text of an expression, in parentheses if it binds less tightly than its surroundings."""
        if expr not in self.names and self._uses[expr] > 1:
            self._name(expr)
        if expr in self.names:
            return self.names[expr]
        text, binding = self.written(expr)
        return f"({text})" if binding < outer else text

    def _name(self, expr: Expr) -> None:
        text, _ = self.written(expr)
        name = f"{self._stem(expr)}{SUFFIX[level_of(expr)]}"
        self.lines.append(f"{name} = {text}")
        self.names[expr] = name

    def _stem(self, expr: Expr) -> str:
        match expr:
            case Distance(of):
                return NAMES[of].partition("_")[0]
            case Count():
                return "count"
            case Anchors():
                return "anchors"
            case _:
                return f"shared{1 + sum(name.startswith('shared') for name in self.names.values())}"

    def written(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Num(value):
                return _number(value), ATOMIC if value >= 0 else BINDING["neg"]
            case Param(name):
                return identifier(name), ATOMIC
            case Var(name):
                return identifier(name), ATOMIC
            case Distance(of):
                return self._formulas[of], BINDING["add"]
            case Anchors():
                return ANCHORS, ATOMIC
            case Count():
                return "negative_AC.sum(-1, keepdim=True, dtype=s_AC.dtype).expand_as(s_A1)", ATOMIC
            case Inverse(slope, curvature, target):
                functions = f"{self.function('slope', slope)}, {self.function('curvature', curvature)}"
                return f"invert({functions}, {self.text(target)})", ATOMIC
            case Apply(op, args):
                return self._applied(op, args)
            case _:
                raise AssertionError(f"not in the core: {expr.kind}")

    def _applied(self, op: str, args: tuple[Expr, ...]) -> tuple[str, int]:
        match op, args:
            case "add", (a, Apply("neg", (b,))):
                return f"{self.text(a, 1)} - {self.text(b, 2)}", BINDING["add"]
            case "add", (a, b):
                return f"{self.text(a, 1)} + {self.text(b, 1)}", BINDING["add"]
            case "neg", (a,):
                return f"-{self.text(a, 3)}", BINDING["neg"]
            case "mul" | "div", _ if parts := split_mask(Apply(op, args)):
                return f"masked({', '.join(self.text(part) for part in parts)})", ATOMIC
            case "mul" | "div", (a, b):
                return ATOMS[op].torch.format(self.text(a, 3), self.text(b, 4)), BINDING[op]
            case "pow", (Distance(Quantity.NEGATIVE) as d2, b) if not isinstance(b, Num):
                return f"distance_power({self.text(d2)}, {self.argument(b)})", ATOMIC
            case "pow", (a, b) if not isinstance(b, Num) and any(isinstance(part, Var) for part in walk(a)):
                return f"quick_power({self.text(a)}, {self.text(b)})", ATOMIC
            case "pow", (a, b):
                return f"{self.text(a, ATOMIC)} ** {self.text(b, ATOMIC)}", BINDING["pow"]
            case (("lt" | "le" | "gt" | "ge" | "eq"), (a, b)):
                return ATOMS[op].torch.format(self.text(a, 1), self.text(b, 1), like=self._like), ATOMIC
            case _:
                return ATOMS[op].torch.format(*(self.argument(arg) for arg in args), like=self._like), ATOMIC


def _count_uses(roots: tuple[Expr, ...]) -> Counter[Expr]:
    """How often each expression that may be named is used: distances, counts, and compound expressions above
    constants."""
    written: Counter[Expr] = Counter(root for root in roots if not isinstance(root, Num))
    seen: set[Expr] = set()
    for root in roots:
        for part in walk(root):
            if part not in seen:
                seen.add(part)
                written.update(children(part))
    for expr in written:
        match expr:
            case Distance() | Count() | Anchors():
                written[expr] = 2
            case Apply() | Inverse() if level_of(expr) >= Level.BATCH:
                pass
            case _:
                written[expr] = 1
    return written


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
