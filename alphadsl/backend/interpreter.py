"""The oracle: a checked loss evaluated in float64 straight from its definition, anchor by anchor, in NumPy.

Shares nothing with the compiled path after `check`: no derived importance, no simplification, no log domain. The
derivative of an anchor's loss by its distances is carried forward beside the value (dual numbers, one tangent for
d[i]^2 and one for each d[i,j]^2), and the min player is solved from its optimality condition. Slow on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from alphadsl.backend.numpy_functions import numpy_function
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.nodes import (
    AlphaGradient,
    Apply,
    Coordinate,
    Count,
    Direct,
    Distance,
    Expr,
    Function,
    Loss,
    MinPlayer,
    Num,
    Over,
    Pairs,
    Param,
    Proportional,
    Quantity,
    Reduce,
    Var,
)

Array = NDArray[np.float64]
HALVINGS = 80


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


@dataclass(frozen=True)
class Interpreted:
    """Loss, gradients (V, N, D), attraction (A,) and repulsion (A, A), anchors ordered view 0 then view 1."""

    value: float
    gradient_VND: Array
    attract_A: Array
    repel_AA: Array


def interpret(loss: Loss, values: Mapping[str, float], z_VND: Array) -> Interpreted:
    """Evaluate the definition on a batch of two views, raw embeddings (2, N, D)."""
    views, samples, width = z_VND.shape
    z_AD = z_VND.reshape(views * samples, width).astype(np.float64)
    length_A1 = np.linalg.norm(z_AD, axis=1, keepdims=True)
    unit_AD = np.divide(z_AD, length_A1, out=np.zeros_like(z_AD), where=length_A1 > 0)
    anchors = views * samples
    value, gradient_AD = 0.0, np.zeros_like(unit_AD)
    attract_A, repel_AA = np.zeros(anchors), np.zeros((anchors, anchors))
    for i in range(anchors):
        positive, negatives = (i + samples) % anchors, negatives_of(loss.pairs, i, samples)
        near, far = 1 - unit_AD[i] @ unit_AD[positive], np.maximum(1 - unit_AD[negatives] @ unit_AD[i], 0.0)
        found = anchor_loss(loss, Anchor(np.asarray(near), far, values, {}))
        value += float(found.value)
        attract_A[i], repel_AA[i, negatives] = found.tangent[0], -found.tangent[1:]
        gradient_AD[i] -= attract_A[i] * unit_AD[positive]
        gradient_AD[positive] -= attract_A[i] * unit_AD[i]
        gradient_AD[i] += repel_AA[i, negatives] @ unit_AD[negatives]
        gradient_AD[negatives] += repel_AA[i, negatives][:, None] * unit_AD[i]
    tangent_AD = gradient_AD - (gradient_AD * unit_AD).sum(1, keepdims=True) * unit_AD
    raw_AD = np.divide(tangent_AD, length_A1, out=np.zeros_like(z_AD), where=length_A1 > 0) / anchors
    return Interpreted(value / anchors, raw_AD.reshape(z_VND.shape), attract_A, repel_AA)


def negatives_of(pairs: Pairs, anchor: int, samples: int) -> list[int]:
    """The embeddings an anchor is pushed from."""
    others = [j for j in range(2 * samples) if j % samples != anchor % samples]
    match pairs:
        case Pairs.TWO_VIEW:
            return others
        case Pairs.SAME_VIEW:
            return [j for j in others if j // samples == anchor // samples]
        case Pairs.CROSS_VIEW:
            return [j for j in others if j // samples != anchor // samples]


def anchor_loss(loss: Loss, anchor: Anchor) -> Dual:
    """What the definition minimises at one anchor, with its derivatives by the distances."""
    gap = _distance(anchor, Quantity.GAP)
    match loss.family:
        case Coordinate(phi, psi, weight):
            terms = _apply("mul", (evaluate(weight, anchor), _call(psi, gap, anchor)))
            return _call(phi, _reduce(Over.SUM, terms, anchor), anchor)
        case Direct(alpha):
            weights = evaluate(alpha, anchor)
        case Proportional(alpha):
            whole = evaluate(alpha, anchor)
            weights = _apply("share", (whole, _reduce(Over.SUM, whole, anchor)))
        case MinPlayer(regulariser):
            weights = _constant(solve_min_player(regulariser, anchor), anchor)
    if loss.alpha_gradient == AlphaGradient.STOPPED:
        weights = _constant(weights.value, anchor)
    return _reduce(Over.SUM, _apply("mul", (weights, gap)), anchor)


def evaluate(expr: Expr, anchor: Anchor) -> Dual:
    match expr:
        case Num(value):
            return _constant(np.asarray(value), anchor)
        case Param(name):
            return _constant(np.asarray(anchor.parameters[name]), anchor)
        case Var(name):
            return anchor.bound[name]
        case Distance(of):
            return _distance(anchor, of)
        case Count():
            return _constant(np.asarray(float(len(anchor.negative))), anchor)
        case Apply("stopgrad", (held,)):
            return _constant(evaluate(held, anchor).value, anchor)
        case Apply(op, args):
            return _apply(op, tuple(evaluate(arg, anchor) for arg in args))
        case Reduce(over, body):
            return _reduce(over, evaluate(body, anchor), anchor)
        case _:
            raise AssertionError(f"not in a definition: {expr.kind}")


def solve_min_player(regulariser: Function, anchor: Anchor) -> Array:
    """alpha on the simplex with R'(alpha_j) = d_j^2 + lambda where alpha_j > 0, by root finding within root finding."""

    def slope(alpha: Array) -> Array:
        there = Anchor(np.asarray(0.0), np.zeros(0), anchor.parameters, {"": _constant(np.asarray(0.0), anchor)})
        variable = Dual(alpha, np.ones((len(alpha), 1)))
        rate = _call(regulariser, variable, there).tangent
        return np.broadcast_to(rate, (len(alpha), 1))[:, 0]

    def response(price: Array) -> Array:
        low, high = np.zeros_like(price), np.ones_like(price)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            affordable = slope(middle) > price
            low, high = np.where(affordable, middle, low), np.where(affordable, high, middle)
        return (low + high) / 2

    def excess(price: float) -> float:
        return float(response(cost + price).sum() - 1)

    cost = anchor.negative - anchor.negative.min()
    low, high = slope(np.array([1.0, 1.0 / len(cost)]))
    crossing = excess(low) > 0 > excess(high)
    alpha = response(cost + (brentq(excess, low, high, xtol=1e-300) if crossing else high))
    found: Array = alpha / alpha.sum()
    return found


def _call(function: Function, argument: Dual, anchor: Anchor) -> Dual:
    bound = {**anchor.bound, function.argument: argument}
    return evaluate(function.body, Anchor(anchor.positive, anchor.negative, anchor.parameters, bound))


def _constant(value: Array, anchor: Anchor) -> Dual:
    return Dual(value, np.zeros((*np.shape(value), 1 + len(anchor.negative))))


def _distance(anchor: Anchor, of: Quantity) -> Dual:
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


def _apply(op: str, args: tuple[Dual, ...]) -> Dual:
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


def _reduce(over: Over, body: Dual, anchor: Anchor) -> Dual:
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
