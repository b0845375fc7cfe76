"""The oracle: a checked loss evaluated in float64 straight from its definition, anchor by anchor, in NumPy.

Shares nothing with the compiled path after `check`: no derived importance, no simplification, no log domain. The
derivative of an anchor's loss by its distances is carried forward beside the value (dual numbers, one tangent for
d[i]^2 and one for each d[i,j]^2), and the min player is solved from its optimality condition. Slow on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from alphadsl.backend.dual import Anchor, Array, Dual, apply, call, constant, distance_of, evaluate, reduce_over
from alphadsl.ir.nodes import (
    AlphaGradient,
    Coordinate,
    Direct,
    Function,
    Loss,
    MinPlayer,
    Over,
    Pairs,
    Proportional,
    Quantity,
)

HALVINGS = 80


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
        near, far = (1 - np.clip(unit_AD[other] @ unit_AD[i], -1.0, 1.0) for other in (positive, negatives))
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
    gap = distance_of(anchor, Quantity.GAP)
    match loss.family:
        case Coordinate(phi, psi, weight):
            terms = apply("mul", (evaluate(weight, anchor), call(psi, gap, anchor)))
            return call(phi, reduce_over(Over.SUM, terms, anchor), anchor)
        case Direct(alpha):
            weights = evaluate(alpha, anchor)
        case Proportional(alpha):
            whole = evaluate(alpha, anchor)
            weights = apply("share", (whole, reduce_over(Over.SUM, whole, anchor)))
        case MinPlayer(regulariser):
            weights = constant(solve_min_player(regulariser, anchor), anchor)
    if loss.alpha_gradient == AlphaGradient.STOPPED:
        weights = constant(weights.value, anchor)
    return reduce_over(Over.SUM, apply("mul", (weights, gap)), anchor)


def solve_min_player(regulariser: Function, anchor: Anchor) -> Array:
    """alpha on the simplex with R'(alpha_j) = d_j^2 + lambda where alpha_j > 0, by root finding within root finding."""

    def slope(alpha: Array) -> Array:
        there = Anchor(np.asarray(0.0), np.zeros(0), anchor.parameters, {"": constant(np.asarray(0.0), anchor)})
        variable = Dual(alpha, np.ones((len(alpha), 1)))
        rate = call(regulariser, variable, there).tangent
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
