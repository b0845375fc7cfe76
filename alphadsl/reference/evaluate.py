"""Derived quantities as numbers: expressions of a core, or before it, on a batch of cosines, in float64 NumPy.

For inspection, not for training: signs, plots and comparisons of losses need no torch. Comes in: an expression and a
`Numbers`. Comes out: an array that broadcasts to (A, C). Legend: A anchors, C candidates, of which the mask says which
are negatives; a row is (A, 1), a quantity of the batch (1, 1). Leading axes, of settings or batches, are evaluated side
by side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.kinds import Over, Quantity
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
    Var,
)
from alphadsl.ir.traversal import children, walk
from alphadsl.reference.functions import numpy_function

Array = NDArray[np.float64]
HALVINGS = 90
REDUCERS: Mapping[Over, tuple[float, Callable[..., Array]]] = {
    Over.SUM: (0.0, np.sum),
    Over.MAX: (-np.inf, np.max),
    Over.MIN: (np.inf, np.min),
    Over.LOGSUMEXP: (-np.inf, np.logaddexp.reduce),
}


@dataclass(frozen=True)
class Numbers:
    """The quantities of a batch, (A, 1) to the positives and (A, C) to the candidates; the mask of negatives (A, C);
    the values of the parameters; and the weight of an anchor in a sum over anchors: less than 1 for one of several
    rows."""

    quantities: Mapping[Quantity, Array]
    negative_AC: NDArray[np.bool_]
    parameters: Mapping[str, float | Array]
    weight_A1: Array = field(default_factory=lambda: np.ones((1, 1)))


def evaluate(expr: Expr, numbers: Numbers) -> Array:
    """The value of an expression; its entries at candidates that are not negatives are meaningless."""
    values: dict[Expr, Array] = {}
    with np.errstate(all="ignore"):
        for part in walk(expr):
            values[part] = _value(part, tuple(values[child] for child in children(part)), numbers)
    return values[expr]


def extremes(expr: Expr, numbers: Numbers) -> tuple[float, float, str]:
    """The smallest and largest value at a negative, and the distances at the smallest in words."""
    found_AC = np.broadcast_to(evaluate(expr, numbers), numbers.negative_AC.shape)
    at = np.where(numbers.negative_AC, found_AC, np.inf)
    anchor, candidate = np.unravel_index(np.argmin(at), at.shape)
    near = float(numbers.quantities[Quantity.POSITIVE][anchor, 0])
    far = float(numbers.quantities[Quantity.NEGATIVE][anchor, candidate])
    words = f"d[i]^2 = {near:.2g}, d[i,j]^2 = {far:.2g}"
    return float(at.min()), float(found_AC[numbers.negative_AC].max()), words


def _value(part: Expr, inner: tuple[Array, ...], numbers: Numbers) -> Array:
    match part:
        case Num(value):
            return np.asarray(value)
        case Param(name):
            return np.asarray(numbers.parameters[name])
        case Distance(Quantity.GAP):
            return numbers.quantities[Quantity.POSITIVE] - numbers.quantities[Quantity.NEGATIVE]
        case Distance(of):
            return numbers.quantities[of]
        case Count():
            counts: Array = numbers.negative_AC.sum(-1, keepdims=True).astype(np.float64)
            return counts
        case Anchors():
            anchors: Array = _weights(numbers).sum((-2, -1), keepdims=True)
            return anchors
        case Apply(op, _):
            return _applied(op, inner)
        case Reduce(over, _):
            return _reduced(over, inner[0], numbers)
        case Pool(over, _):
            return _pooled(over, inner[0], _weights(numbers))
        case Inverse(slope, _, _):
            return _bisected(_function(slope, numbers), inner[0], 0.0, 1.0)
        case Multiplier(_, response, _, _, _, _):
            cost, low, high = inner
            return _multiplier(response, cost, low, high, numbers)
        case _:
            raise AssertionError(f"no number: {part.kind}")


def _applied(op: str, args: tuple[Array, ...]) -> Array:
    booleans = (args[0] != 0, *args[1:]) if op == "where" else args
    return numpy_function(ATOMS[op].numpy)(*booleans)


def _reduced(over: Over, body: Array, numbers: Numbers) -> Array:
    if over == Over.MEAN:
        summed_A1 = _reduced(Over.SUM, body, numbers)
        mean_A1: Array = summed_A1 / numbers.negative_AC.sum(-1, keepdims=True)
        return mean_A1
    neutral, reducer = REDUCERS[over]
    body_AC = np.where(numbers.negative_AC, body, neutral)
    reduced_A1: Array = reducer(body_AC, axis=-1, keepdims=True)
    return reduced_A1


def _weights(numbers: Numbers) -> Array:
    return np.broadcast_to(numbers.weight_A1, (*numbers.negative_AC.shape[:-1], 1))


def _pooled(over: Over, row: Array, weight_A1: Array) -> Array:
    """A reduction over the anchors; the weights matter in a sum, but not in a maximum or minimum."""
    row_A1 = row + np.zeros_like(weight_A1)
    if over == Over.MEAN:
        mean: Array = _pooled(Over.SUM, row, weight_A1) / weight_A1.sum(-2, keepdims=True)
        return mean
    weighed_A1 = {Over.SUM: row_A1 * weight_A1, Over.LOGSUMEXP: row_A1 + np.log(weight_A1)}.get(over, row_A1)
    pooled: Array = REDUCERS[over][1](weighed_A1, axis=-2, keepdims=True)
    return pooled


def _function(function: Function, numbers: Numbers) -> Callable[[Array], Array]:
    """A function of one variable, to be called often: what does not depend on the variable is computed once."""
    fixed: dict[Expr, Array] = {}
    moving: dict[Expr, tuple[Expr, ...]] = {}
    for part in walk(function.body):
        inner = children(part)
        mine = isinstance(part, Var) and part.name == function.argument
        if mine or any(child in moving for child in inner):
            moving[part] = inner
        else:
            fixed[part] = _value(part, tuple(fixed[child] for child in inner), numbers)

    def call(argument: Array) -> Array:
        arguments = dict(fixed)
        for part, inner in moving.items():
            arguments[part] = _value(part, tuple(arguments[child] for child in inner), numbers) if inner else argument
        return arguments[function.body]

    return call


def _multiplier(response: Function, cost_AC: Array, low: Array, high: Array, numbers: Numbers) -> Array:
    bought = _function(response, numbers)

    def surplus(price_A1: Array) -> Array:
        bought_AC = np.where(numbers.negative_AC, bought(cost_AC + price_A1), 0.0)
        total: Array = bought_AC.sum(-1, keepdims=True)
        return total

    rows = np.ones((*numbers.negative_AC.shape[:-1], 1))
    return _bisected(surplus, rows, low * rows, high * rows)


def _bisected(falling: Callable[[Array], Array], target: Array, low: Array | float, high: Array | float) -> Array:
    """The point between two ends at which a decreasing function takes the target value."""
    low, high = low + np.zeros_like(target), high + np.zeros_like(target)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = falling(middle) > target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2
