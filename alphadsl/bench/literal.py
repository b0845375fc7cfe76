"""The plain form of any loss: its definition as full matrices of pairs, differentiated by autograd.

A checked loss comes in; a module comes out that takes two views (and labels or a queue) like our losses. It is what one
would write by hand from the formula: parameters are numbers unless they are learned, the logarithm of a sum of
exponentials is `torch.logsumexp`, an exponential over its sum is a softmax, and the min player sorts or bisects.
`module.value.code` is the code. Raises `NoPlainForm` for a min player whose slope has no inverse in closed form.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from alphadsl.bench import operations
from alphadsl.bench.pair_matrices import WRITTEN, NoPlainForm, PairMatrices, pair_matrices
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.kinds import Level, Method, Over, Quantity, Space
from alphadsl.ir.nodes import (
    Anchors,
    Apply,
    Count,
    Distance,
    Expr,
    Function,
    Inverse,
    Loss,
    Multiplier,
    Num,
    Param,
    Pool,
    Reduce,
    Var,
)
from alphadsl.ir.parameter import Learned
from alphadsl.ir.traversal import children, level_of, rewrite, walk
from alphadsl.reference.functions import numpy_function
from alphadsl.transform.importance import anchor_value
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import Simplifier

NEGATIVE, WEIGHT = "negative_RC", "weight_R1"
NAMES = {
    Quantity.POSITIVE: "d2_R1",
    Quantity.NEGATIVE: "d2_RC",
    Quantity.INNER_POSITIVE: "s_R1",
    Quantity.INNER_NEGATIVE: "s_RC",
}


class PlainLoss(torch.nn.Module):
    """The mean over anchors of `value`, a graph that maps the quantities of a batch to a value for each anchor."""

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        if loss.pairs.name not in WRITTEN:
            raise NoPlainForm(f"there is no plain form of pairs {loss.pairs.name}")
        learned = [parameter for parameter in loss.parameters if isinstance(parameter.role, Learned)]
        self.learned = torch.nn.ParameterDict(
            {
                parameter.name: torch.nn.Parameter(torch.tensor(parameter.value, dtype=torch.float64))
                for parameter in learned
            }
        )
        expr = literal_value(loss)
        self.pairs, self.space = loss.pairs, loss.space
        self.value = _graph_of(_held(expr), (*NAMES.values(), NEGATIVE, WEIGHT, *self.learned))
        self.filled = _breaks_at_duplicates(expr)

    def forward(self, z0_ND: Tensor, z1_ND: Tensor, **context: Tensor) -> Tensor:
        matrices = pair_matrices(self.pairs, self.space, (z0_ND, z1_ND), context)
        given = self._given(matrices)
        value_R1 = self.value(*given, matrices.negative_RC, matrices.weight_R1, *self.learned.values())
        mean: Tensor = (value_R1 * matrices.weight_R1).sum() / matrices.weight_R1.sum()
        return mean

    def _given(self, matrices: PairMatrices) -> list[Tensor]:
        """The quantities in the order of `NAMES`, with finite gradients even at candidates that are not negatives."""
        quantities = dict(matrices.quantities)
        if self.filled:
            for of in (Quantity.INNER_NEGATIVE, Quantity.NEGATIVE):
                if of in quantities:
                    quantities[of] = torch.where(matrices.negative_RC, quantities[of], 0.5)
        nothing = matrices.weight_R1
        return [quantities.get(of, nothing) for of in NAMES]


def literal_value(loss: Loss) -> Expr:
    """The loss of an anchor, simplified as on paper, with parameters as numbers and the usual numerical idioms."""
    numbers = {
        parameter.name: Num(parameter.value) for parameter in loss.parameters if not isinstance(parameter.role, Learned)
    }

    def with_numbers(part: Expr) -> Expr:
        match part:
            case Param(name) if name in numbers:
                return numbers[name]
            case Multiplier(method, response, curvature, cost, low, high):
                return Multiplier(method, inside(response), inside(curvature), cost, low, high)
            case _:
                return part

    def inside(function: Function) -> Function:
        return Function(function.argument, rewrite(function.body, with_numbers))

    value = Simplifier(scope_of(loss))(rewrite(anchor_value(loss), with_numbers))
    on_sphere = loss.space == Space.SPHERE
    return rewrite(value, lambda part: _idiom(_in_cosines(part) if on_sphere else part))


def _in_cosines(part: Expr) -> Expr:
    """On the sphere d^2 is 1 - s, and a difference of distances is a difference of cosines."""
    near, far = Distance(Quantity.INNER_POSITIVE), Distance(Quantity.INNER_NEGATIVE)
    match part:
        case Distance(Quantity.GAP):
            return Apply("sub", (far, near))
        case Distance(Quantity.POSITIVE):
            return Apply("sub", (Num(1.0), near))
        case Distance(Quantity.NEGATIVE):
            return Apply("sub", (Num(1.0), far))
        case Apply("add", (Num(1.0), Apply("neg", (Apply("sub", (Num(1.0), a)),)))):
            return a
        case _:
            return part


def _idiom(part: Expr) -> Expr:
    """The numerically stable idioms that anyone uses who has had an overflow."""
    match part:
        case Distance(Quantity.GAP):
            return Apply("sub", (Distance(Quantity.POSITIVE), Distance(Quantity.NEGATIVE)))
        case Apply("add", (a, Apply("neg", (b,)))):
            return Apply("sub", (a, b))
        case Apply("log", (Reduce(Over.SUM, Apply("exp", (body,))),)):
            return Reduce(Over.LOGSUMEXP, body)
        case Apply("log", (Apply("add", (Reduce(Over.SUM, Apply("exp", (body,))), rest)),)):
            return Apply("logaddexp", (Reduce(Over.LOGSUMEXP, body), Apply("log", (rest,))))
        case Apply("share", (Apply("exp", (body,)), Reduce(Over.SUM, Apply("exp", (same,))))) if body == same:
            return Apply("softmax", (body,))
        case _:
            return part


def _held(expr: Expr) -> Expr:
    """Detach the tensors inside what is held fixed, as code under `no_grad` would."""

    def rule(part: Expr) -> Expr:
        match part:
            case Apply("stopgrad", (held,)):
                return rewrite(held, _detached)
            case _:
                return part

    return rewrite(expr, rule)


def _detached(part: Expr) -> Expr:
    match part:
        case Distance() | Param():
            return Apply("stopgrad", (part,))
        case _:
            return part


def _breaks_at_duplicates(expr: Expr) -> bool:
    """Whether the gradient needs a derivative that is undefined or infinite at d = 0."""
    if isinstance(expr, Apply) and expr.op == "stopgrad":
        return False
    match expr:
        case Apply("sqrt" | "log", (a,)) | Apply("div", (_, a)) if level_of(a) == Level.PAIR:
            return True
        case Apply("pow" | "pow0", (a, exponent)) if level_of(a) == Level.PAIR:
            return not (isinstance(exponent, Num) and exponent.value >= 1)
        case _:
            return any(_breaks_at_duplicates(child) for child in children(expr))


@dataclass(frozen=True)
class _Writer:
    """Writes an expression as a straight line of torch calls, each distinct part once; constants are folded."""

    graph: fx.Graph
    module: torch.nn.Module
    given: Mapping[str, fx.Node]

    def write(self, expr: Expr) -> Any:
        """The node or number of an expression."""
        done: dict[Expr, Any] = {}
        for part in walk(expr):
            done[part] = self._part(part, [done[child] for child in children(part)])
        return done[expr]

    def _part(self, part: Expr, args: list[Any]) -> Any:
        match part:
            case Num(value):
                return value
            case Param(name) | Var(name):
                return self.given[name]
            case Distance(of):
                return self.given[NAMES[of]]
            case Count():
                return self._call(operations.count, self.given[NEGATIVE], self.given[WEIGHT])
            case Anchors():
                return self._call(torch.sum, self.given[WEIGHT])
            case Pool(over, _):
                return self._call(operations.POOLS[over], args[0], self.given[WEIGHT])
            case Reduce(over, _):
                return self._call(operations.REDUCTIONS[over], args[0], self.given[NEGATIVE])
            case Multiplier():
                return self._multiplier(part, *args)
            case Inverse():
                raise NoPlainForm("the slope of its R has no inverse on paper")
            case Apply("softmax", _):
                return self._call(operations.softmax, args[0], self.given[NEGATIVE])
            case Apply(op, _):
                numbers = all(isinstance(argument, float) for argument in args)
                return _worked_out(op, args) if numbers else self._call(operations.POINTWISE[op], *args)
            case _:
                raise NoPlainForm(f"it contains a {part.kind}")

    def _call(self, function: Callable[..., Any], *args: Any) -> fx.Node:
        return self.graph.call_function(function, args)

    def _multiplier(self, part: Multiplier, cost: Any, low: Any, high: Any) -> fx.Node:
        if part.method == Method.PROJECTION:
            curvature = self.write(part.curvature.body)
            return self._call(operations.projected_multiplier, cost, self.given[NEGATIVE], low, curvature)
        name = f"response{sum(1 for _ in self.module.children()) + 1}"
        self.module.add_module(name, _graph_of(part.response.body, (part.response.argument,)))
        response = self.graph.get_attr(name)
        return self._call(operations.bisected_multiplier, response, cost, self.given[NEGATIVE], low, high)


def _graph_of(expr: Expr, names: Sequence[str]) -> fx.GraphModule:
    """The graph of an expression as a function of `names`."""
    graph, module = fx.Graph(), torch.nn.Module()
    given = {name: graph.placeholder(name) for name in names}
    graph.output(_Writer(graph, module, given).write(expr))
    return fx.GraphModule(module, graph)


def _worked_out(op: str, numbers: list[float]) -> float:
    return float(numpy_function(ATOMS[op].numpy)(*numbers)) if op in ATOMS else numbers[0] - numbers[1]
