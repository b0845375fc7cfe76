"""Expressions evaluated at one anchor in float64, with their derivatives by its distances: the oracle's arithmetic.

Forward accumulation with dual numbers: beside every value runs its derivative by d[i]^2 and by each d[i,j]^2. Legend:
C negatives of the anchor; a row is (), a pair (C,), a derivative (..., 1 + C).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from alphadsl.backend.numpy_functions import numpy_function
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.nodes import Apply, Count, Distance, Expr, Function, Num, Over, Param, Quantity, Reduce, Var

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Dual:
    """A value, () for a row or (C,) for a pair, and its derivatives (..., 1 + C) by d[i]^2 and every d[i,j]^2."""

    value: Array
    tangent: Array


@dataclass(frozen=True)
class Anchor:
    """Half squared distances of one anchor: () to its positive, (C,) to its negatives."""

    positive: Array
    negative: Array
    parameters: Mapping[str, float]
    bound: Mapping[str, Dual]


def evaluate(expr: Expr, anchor: Anchor) -> Dual:
    match expr:
        case Num(value):
            return constant(np.asarray(value), anchor)
        case Param(name):
            return constant(np.asarray(anchor.parameters[name]), anchor)
        case Var(name):
            return anchor.bound[name]
        case Distance(of):
            return distance_of(anchor, of)
        case Count():
            return constant(np.asarray(float(len(anchor.negative))), anchor)
        case Apply("stopgrad", (held,)):
            return constant(evaluate(held, anchor).value, anchor)
        case Apply(op, args):
            return apply(op, tuple(evaluate(arg, anchor) for arg in args))
        case Reduce(over, body):
            return reduce_over(over, evaluate(body, anchor), anchor)
        case _:
            raise AssertionError(f"not in a definition: {expr.kind}")


def call(function: Function, argument: Dual, anchor: Anchor) -> Dual:
    bound = {**anchor.bound, function.argument: argument}
    return evaluate(function.body, Anchor(anchor.positive, anchor.negative, anchor.parameters, bound))


def constant(value: Array, anchor: Anchor) -> Dual:
    return Dual(value, np.zeros((*np.shape(value), 1 + len(anchor.negative))))


def distance_of(anchor: Anchor, of: Quantity) -> Dual:
    size = len(anchor.negative)
    by_positive, by_negatives = np.eye(1 + size)[0], np.eye(1 + size)[1:]
    match of:
        case Quantity.POSITIVE:
            return Dual(anchor.positive, by_positive)
        case Quantity.NEGATIVE:
            return Dual(anchor.negative, by_negatives)
        case Quantity.GAP:
            return Dual(anchor.positive - anchor.negative, by_positive - by_negatives)


@cache
def _partials(op: str) -> tuple[Expr, ...]:
    return ATOMS[op].partials(*(Var(str(index)) for index in range(ATOMS[op].arity)))


def apply(op: str, args: tuple[Dual, ...]) -> Dual:
    """The chain rule; an argument that does not move contributes nothing, whatever its partial."""
    values = tuple(arg.value for arg in args)
    value = numpy_function(ATOMS[op].numpy)(*_booleans(op, values))
    tangent = np.zeros((*np.shape(value), args[0].tangent.shape[-1]))
    for partial, arg in zip(_partials(op) if op != "pow" else _power_partials(args), args, strict=True):
        if np.any(arg.tangent):
            rate = _plain(partial, {str(index): each for index, each in enumerate(values)})
            tangent = tangent + np.asarray(rate)[..., None] * arg.tangent
    return Dual(np.asarray(value, dtype=np.float64), tangent)


def _power_partials(args: tuple[Dual, ...]) -> tuple[Expr, ...]:
    """A whole or large exponent is differentiated as such: x^2 has a slope at negative x."""
    exponent = args[1]
    moving = np.any(exponent.tangent) or np.ndim(exponent.value) > 0
    return ATOMS["pow"].partials(Var("0"), Var("1") if moving else Num(float(exponent.value)))


def _plain(expr: Expr, bound: Mapping[str, Array]) -> Array:
    """The value of an expression in variables only."""
    match expr:
        case Num(value):
            return np.asarray(value)
        case Var(name):
            return bound[name]
        case Apply(op, args):
            values = tuple(_plain(arg, bound) for arg in args)
            return numpy_function(ATOMS[op].numpy)(*_booleans(op, values))
        case _:
            raise AssertionError(f"not in a derivative: {expr.kind}")


def _booleans(op: str, values: tuple[Array, ...]) -> tuple[Array, ...]:
    return (values[0] != 0, *values[1:]) if op == "where" else values


def reduce_over(over: Over, body: Dual, anchor: Anchor) -> Dual:
    size = len(anchor.negative)
    value = np.broadcast_to(body.value, (size,))
    tangent = np.broadcast_to(body.tangent, (size, 1 + size))
    match over:
        case Over.SUM:
            return Dual(value.sum(), tangent.sum(0))
        case Over.MEAN:
            return Dual(value.mean(), tangent.mean(0))
        case Over.LOGSUMEXP:
            whole = np.logaddexp.reduce(value)
            return Dual(whole, np.exp(value - whole) @ tangent)
        case Over.MAX | Over.MIN:
            best = value.max() if over == Over.MAX else value.min()
            return Dual(best, tangent[value == best].mean(0))
