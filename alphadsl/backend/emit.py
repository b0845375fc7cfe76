"""The core as readable torch text: one function from cosines to the value and the two importances.

Comes in: a scheduled `Core`. Goes out: source built from IR nodes only, never from an author's strings other than
checked identifiers. Names carry their shape: `_1` a statistic of the batch, `_A1` one of a row, `_AC` a pair; a pair
expression that is used twice is named once. Hyper-parameters are arguments, so a changed temperature is the same code.
"""

from collections import Counter

from alphadsl.backend.identifier import identifier
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.core import Core, NamedStatistic
from alphadsl.ir.kinds import Level, Method, Over, Quantity, Space
from alphadsl.ir.nodes import (
    Anchors,
    Apply,
    Count,
    Distance,
    Expr,
    Function,
    Inverse,
    Multiplier,
    Num,
    Param,
    Pool,
    Reduce,
    Statistic,
    Var,
)
from alphadsl.ir.traversal import children, level_of, walk

NAMES = {
    Quantity.POSITIVE: "d2_A1",
    Quantity.NEGATIVE: "d2_AC",
    Quantity.GAP: "gap_AC",
    Quantity.INNER_POSITIVE: "s_A1",
    Quantity.INNER_NEGATIVE: "s_AC",
}
FORMULAS = {
    Space.SPHERE: {
        Quantity.POSITIVE: "1 - s_A1",
        Quantity.NEGATIVE: "1 - s_AC",
        Quantity.GAP: "s_AC - s_A1",
    },
    Space.EUCLIDEAN: {Quantity.GAP: "d2_A1 - d2_AC"},
}
ARGUMENTS = {
    Space.SPHERE: ("s_A1", "s_AC", "negative_AC", "weight_A1"),
    Space.EUCLIDEAN: ("s_A1", "s_AC", "d2_A1", "d2_AC", "negative_AC", "weight_A1"),
}
ANCHORS = "weight_A1.sum((-3, -2), keepdim=True)"
REDUCTIONS = {
    Over.SUM: ("0.0", "sum"),
    Over.LOGSUMEXP: ("-torch.inf", "logsumexp"),
    Over.MAX: ("-torch.inf", "amax"),
    Over.MIN: ("torch.inf", "amin"),
}
POOLS = {Over.SUM: "{0} * weight_A1", Over.LOGSUMEXP: "{0} + torch.log(weight_A1)"}
SUFFIX = {Level.PAIR: "_AC", Level.ROW: "_A1", Level.BATCH: "_1", Level.CONSTANT: ""}
SHAPED_LIKE = {Level.PAIR: "s_AC", Level.ROW: "s_A1"}
RUNTIME_FUNCTIONS = ("share", "log_difference", "log_share", "log_softplus", "pow0", "log_pow0", "exp_difference")
RUNTIME_SOLVERS = ("projected_multiplier", "root_multiplier", "invert")
BINDING = {"add": 1, "neg": 2, "mul": 3, "div": 3, "pow": 5}
ATOMIC = 9


def emit_core(core: Core) -> str:
    """`def NAME_core(s_A1, s_AC, negative_AC, weight_A1, PARAMETERS) -> (value_A1, attract_A1, repel_AC, ...)`.

    In Euclidean space the distances come as well, and the two weights due to distances follow; last come the slopes of
    the learned parameters, one value per anchor each.
    """
    emitter = _Emitter(core)
    for statistic in core.statistics:
        emitter.write_statistic(statistic)
    results = [
        emitter.write_result("value", core.derived.value, Level.ROW),
        emitter.write_result("attract", core.derived.attract, Level.ROW),
        emitter.write_result("repel", core.derived.repel, Level.PAIR),
    ]
    if core.derived.stretch:
        pull, push = core.derived.stretch
        results.append(emitter.write_result("stretch", pull, Level.ROW))
        results.append(emitter.write_result("stretch", push, Level.PAIR))
    results += [emitter.write_result(f"slope_{name}", slope, Level.ROW) for name, slope in core.derived.slopes]
    arguments = ", ".join([*ARGUMENTS[core.space], *(identifier(p.name) for p in core.parameters)])
    body = "\n".join(f"    {line}" for line in emitter.lines)
    return f"def {core.name}_core({arguments}):\n{body}\n    return {', '.join(results)}\n"


class _Emitter:
    def __init__(self, core: Core) -> None:
        self.lines: list[str] = []
        self._formulas = FORMULAS[core.space]
        self._names: dict[Expr, str] = {Distance(of): NAMES[of] for of in Quantity if of not in self._formulas}
        self._functions: dict[Function, str] = {}
        self._uses = _count_uses(core)

    def write_statistic(self, statistic: NamedStatistic) -> None:
        name = f"{statistic.name}{SUFFIX[statistic.level]}"
        match statistic.definition:
            case Reduce(over, body):
                neutral, method = REDUCTIONS[over]
                masked = f"torch.where(negative_AC, {self.shaped(body, Level.PAIR)}, {neutral})"
                self.lines.append(f"{name} = {masked}.{method}(-1, keepdim=True)")
            case Pool(over, body):
                counted = POOLS[over].format(self.shaped(body, Level.ROW, BINDING["mul"]))
                self.lines.append(f"{name} = ({counted}).{REDUCTIONS[over][1]}((-3, -2), keepdim=True)")
            case Multiplier(Method.PROJECTION) as solved:
                curvature = self.argument(solved.curvature.body)
                arguments = f"{self.text(solved.cost)}, negative_AC, {self.argument(solved.low)}, {curvature}"
                self.lines.append(f"{name} = projected_multiplier({arguments})")
            case Multiplier(Method.ROOT) as solved:
                response = self.function("response", solved.response)
                functions = f"{response}, {self.function('curvature', solved.curvature)}"
                bounds = f"{self.argument(solved.low)}, {self.argument(solved.high)}"
                self.lines.append(
                    f"{name} = root_multiplier({functions}, {self.text(solved.cost)}, negative_AC, {bounds})"
                )
        self._names[Statistic(statistic.name, statistic.level)] = name

    def write_result(self, name: str, expr: Expr, level: Level) -> str:
        """Writes the line of a result; returns its name."""
        text = self.shaped(expr, level)
        if level == Level.PAIR:
            text = f"torch.where(negative_AC, {text}, 0.0)"
        self.lines.append(f"{name}{SUFFIX[level]} = {text}")
        return f"{name}{SUFFIX[level]}"

    def shaped(self, expr: Expr, level: Level, outer: int = 0) -> str:
        """Text of at least a level: a constant is spread over the rows or pairs it stands for."""
        like = SHAPED_LIKE[level]
        match expr:
            case Num(value):
                return f"torch.full_like({like}, {_number(value)})"
            case _ if level_of(expr) < level:
                return f"{self.text(expr, BINDING['mul'])} * torch.ones_like({like})"
            case _:
                return self.text(expr, outer)

    def function(self, role: str, function: Function) -> str:
        """The name of a local function, written out above its first use."""
        if function not in self._functions:
            body = self.text(function.body)
            self._functions[function] = name = f"{role}{len(self._functions) + 1}"
            self.lines += [f"def {name}({identifier(function.argument)}):", f"    return {body}"]
        return self._functions[function]

    def argument(self, expr: Expr) -> str:
        """Text that is a tensor even if the expression is made of numbers only."""
        numeric = all(isinstance(part, Num) or (isinstance(part, Apply) and part.op in BINDING) for part in walk(expr))
        return f"s_A1.new_full((), {self.text(expr)})" if numeric else self.text(expr)

    def text(self, expr: Expr, outer: int = 0) -> str:
        """Text of an expression, in parentheses if it binds less tightly than what surrounds it."""
        if expr not in self._names and self._uses[expr] > 1:
            self._name(expr)
        if expr in self._names:
            return self._names[expr]
        text, binding = self._written(expr)
        return f"({text})" if binding < outer else text

    def _name(self, expr: Expr) -> None:
        text, _ = self._written(expr)
        name = f"{self._stem(expr)}{SUFFIX[level_of(expr)]}"
        self.lines.append(f"{name} = {text}")
        self._names[expr] = name

    def _stem(self, expr: Expr) -> str:
        match expr:
            case Distance(of):
                return NAMES[of].partition("_")[0]
            case Count():
                return "count"
            case Anchors():
                return "anchors"
            case _:
                return f"shared{1 + sum(name.startswith('shared') for name in self._names.values())}"

    def _written(self, expr: Expr) -> tuple[str, int]:
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
            case "mul" | "div", (a, b):
                return ATOMS[op].torch.format(self.text(a, 3), self.text(b, 4)), BINDING[op]
            case "pow", (a, b):
                return f"{self.text(a, ATOMIC)} ** {self.text(b, ATOMIC)}", BINDING["pow"]
            case (("lt" | "le" | "gt" | "ge" | "eq"), (a, b)):
                return ATOMS[op].torch.format(self.text(a, 1), self.text(b, 1)), ATOMIC
            case _:
                return ATOMS[op].torch.format(*(self.argument(arg) for arg in args)), ATOMIC


def _count_uses(core: Core) -> Counter[Expr]:
    """How often each expression worth a name is written: distances, counts, and pair expressions of any size."""
    roots = [statistic.definition for statistic in core.statistics] + list(core.derived.parts)
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
