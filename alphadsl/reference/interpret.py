"""The oracle: a checked loss evaluated in float64 straight from its definition, anchor by anchor, in NumPy.

It shares nothing with the compiled path after `check`: no derived importance, no simplification, no log domain. The
derivatives of an anchor's loss with respect to its distances are carried forward with the value (dual numbers). What
couples the anchors of a batch is chained backwards through the few numbers that couple them. The min player is solved
from its optimality condition. Slow on purpose.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.kinds import AlphaGradient, Over, Quantity
from alphadsl.ir.nodes import (
    Coordinate,
    Direct,
    Expr,
    Function,
    General,
    Importance,
    Loss,
    MinPlayer,
    Pool,
    Proportional,
)
from alphadsl.ir.parameter import Learned
from alphadsl.ir.traversal import expressions_of, walk
from alphadsl.reference.forward_mode import (
    SLOTTED,
    Anchor,
    Dual,
    apply,
    call,
    constant,
    distance_of,
    evaluate,
    reduce_over,
)
from alphadsl.reference.placed_batch import Array, PlacedBatch, placed_batch

SECTIONS = 64
ROUNDS = 14  # 64^-14 < 2^-80


@dataclass(frozen=True)
class Interpreted:
    """Loss, gradients (V, N, D), attraction (A,), repulsion (A, C), gradients with respect to learned parameters
    (`slopes`), loss of each anchor (A,).

    Anchors are ordered view 0 then view 1; with labels, attraction is (A, A).
    """

    value: float
    gradient_VND: Array
    attract_A: Array
    repel_AC: Array
    slopes: dict[str, float]
    value_A: Array


@np.errstate(invalid="ignore")  # values that are not finite give NaN without a warning, as in torch
def interpret(
    loss: Loss,
    values: Mapping[str, float],
    z_VND: Array,
    labels: NDArray[np.int64] | None = None,
    queue: Array | None = None,
) -> Interpreted:
    """Evaluate the definition on a batch of two views, raw embeddings (2, N, D), and the other inputs of its index set:
    labels (N,), and a queue (Q, D) placed in the space of the loss."""
    batch = placed_batch(loss, z_VND, labels, queue)
    learned = tuple(parameter.name for parameter in loss.parameters if isinstance(parameter.role, Learned))
    rows = interpret_rows(loss, values, learned, batch)
    weights = np.array([row.weight for row in batch.rows]) / batch.total
    slopes = {name: float(weights @ [row.rate(name)[0] for row in rows]) for name in learned}
    rates = [{of: row.rate(of) for of in SLOTTED} for row in rows]
    values_R = np.array([float(row.value) for row in rows])
    return Interpreted(float(weights @ values_R), *batch.gathered(rates), slopes, batch.of_anchors(values_R))


@dataclass(frozen=True)
class InterpretedRow:
    """The value of a row, and the derivatives of the weighted sum over all rows with respect to the slots of this
    row."""

    anchor: Anchor
    value: Array
    tangent_T: Array

    def rate(self, slot: Quantity | str) -> Array:
        """The derivative with respect to a slot, or NaN if the value is NaN; the derivative of a comparison would be
        finite there."""
        rates = self.tangent_T[self.anchor.slots[slot]]
        return np.full_like(rates, np.nan) if np.isnan(self.value) else rates


def interpret_rows(
    loss: Loss, values: Mapping[str, float], learned: tuple[str, ...], batch: PlacedBatch
) -> list[InterpretedRow]:
    importances = {part: _importances(part.of, values, batch) for part in _parts(loss) if isinstance(part, Importance)}
    anchors = [
        Anchor(
            batch.quantities(row),
            batch.total,
            values,
            learned,
            {},
            {part: losses[place] for part, losses in importances.items()},
            {},
        )
        for place, row in enumerate(batch.rows)
    ]
    bodies: dict[Pool, list[Dual]] = {}
    for pool in (part for part in _parts(loss) if isinstance(part, Pool)):
        bodies[pool] = [evaluate(pool.body, anchor) for anchor in anchors]
        amount = float(_pooled(pool.over, bodies[pool], batch)[0])
        anchors = [replace(anchor, pools={**anchor.pools, pool: amount}) for anchor in anchors]
    losses = [anchor_loss(loss, anchor) for anchor in anchors]
    tangents = _chained(losses, bodies, anchors, batch)
    return [
        InterpretedRow(anchor, row_loss.value, tangent)
        for anchor, row_loss, tangent in zip(anchors, losses, tangents, strict=True)
    ]


def _importances(loss: Loss, values: Mapping[str, float], batch: PlacedBatch) -> list[Array]:
    """alpha[i,j] of another loss on the same batch, one array per row."""
    rows = interpret_rows(loss, values, (), batch)
    return [_repel(row) for row in rows]


def _repel(row: InterpretedRow) -> Array:
    far, inner = row.rate(Quantity.NEGATIVE), row.rate(Quantity.INNER_NEGATIVE)
    return inner - far if inner.size else -far


def _parts(loss: Loss) -> Iterator[Expr]:
    for expr in expressions_of(loss.family):
        yield from walk(expr)


def _pooled(over: Over, bodies: list[Dual], batch: PlacedBatch) -> tuple[float, Array]:
    """A reduction over the anchors, and its derivatives with respect to the value of each row."""
    weights = np.array([row.weight for row in batch.rows])
    values = np.array([float(body.value) for body in bodies])
    match over:
        case Over.SUM:
            return float(weights @ values), weights
        case Over.MEAN:
            return float(weights @ values) / batch.total, weights / batch.total
        case Over.LOGSUMEXP:
            whole = np.logaddexp.reduce(values + np.log(weights))
            return float(whole), weights * np.exp(values - whole)
        case Over.MAX | Over.MIN:
            raise AssertionError("no such reduction over anchors")


def _chained(
    losses: list[Dual], bodies: dict[Pool, list[Dual]], anchors: list[Anchor], batch: PlacedBatch
) -> list[Array]:
    """The derivatives of each row, plus those that pass through the reductions over the batch, from the last to the
    first.

    They are those of the weighted sum over rows, per unit of the row's own weight.
    """
    weights = [row.weight for row in batch.rows]
    tangents = [row_loss.tangent.copy() for row_loss in losses]
    for pool in reversed(bodies):
        places = [anchor.slots[pool] for anchor in anchors]
        pull = sum(w * float(t[place][0]) for w, t, place in zip(weights, tangents, places, strict=True))
        _, rates = _pooled(pool.over, bodies[pool], batch)
        for weight, rate, tangent, body in zip(weights, rates, tangents, bodies[pool], strict=True):
            reach = len(body.tangent)
            tangent[:reach] += pull * rate / weight * body.tangent
    return tangents


def anchor_loss(loss: Loss, anchor: Anchor) -> Dual:
    """The loss of one anchor by its definition, with derivatives."""
    gap = distance_of(anchor, Quantity.GAP)
    match loss.family:
        case General(value):
            return evaluate(value, anchor)
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
    """alpha on the simplex with R'(alpha_j) = d_j^2 + lambda where alpha_j > 0, by nested root finding."""
    nothing = dict.fromkeys(anchor.quantities, np.zeros(0))
    there = replace(anchor, quantities=nothing, learned=("",), pools={}, importances={})
    sections_S1 = np.arange(1, SECTIONS)[:, None] / SECTIONS

    def slope(alpha: Array) -> Array:
        variable = Dual(alpha, np.ones((*alpha.shape, 1)))
        rate = call(regulariser, variable, there).tangent
        return np.broadcast_to(rate, (*alpha.shape, 1))[..., 0]

    def response(price: Array) -> Array:
        """R' is decreasing, so the number of points of an even partition at which it is above the price gives the part
        to divide next."""
        low, width = np.zeros_like(price), 1.0
        for _ in range(ROUNDS):
            affordable = (slope(low + width * sections_S1) > price).sum(0)
            width /= SECTIONS
            low = low + width * affordable
        return low + width / 2

    from scipy.optimize import brentq  # not needed to train a user's loss

    def excess(price: float) -> float:
        return float(response(cost + price).sum() - 1)

    distances = anchor.quantities[Quantity.NEGATIVE]
    cost = distances - distances.min()
    low, high = slope(np.array([1.0, 1.0 / len(cost)]))
    crossing = excess(low) > 0 > excess(high)
    alpha = response(cost + (brentq(excess, low, high, xtol=1e-300) if crossing else high))
    shares: Array = alpha / alpha.sum()
    return shares
