"""Who is whose positive and negative, written out index by index: the interpreter's view of a batch.

Raw embeddings come in, placed in the space of the loss; derivatives by distances and inner products go back to them.
Legend: V 2 views, N samples, D embedding width, A embeddings of both views, C candidates (those, or the queue).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.kinds import Pairs, Quantity, Space
from alphadsl.ir.nodes import Loss

Array = NDArray[np.float64]
Rates = Mapping[Quantity, Array]


@dataclass(frozen=True)
class Row:
    """An anchor with one of its positives; negatives are indices of candidates, `weight` its part among its rows."""

    anchor: int
    positive: int
    negatives: list[int]
    weight: float = 1.0


@dataclass(frozen=True)
class Scene:
    """A batch in its space."""

    space: Space
    pairs: Pairs
    rows: tuple[Row, ...]
    raw_VND: Array
    placed_AD: Array
    candidates_CD: Array

    @property
    def total(self) -> float:
        """The number of anchors."""
        return sum(row.weight for row in self.rows)

    def quantities(self, row: Row) -> dict[Quantity, Array]:
        """Half squared distances of an anchor, () to its positive and (C,) to its negatives; in Euclidean space also
        inner products. On the sphere they are 1 - s, also of an embedding of 0, which lies nowhere on it."""
        anchor, positive = self.placed_AD[row.anchor], self.placed_AD[row.positive]
        negatives = self.candidates_CD[row.negatives]
        near, far = np.asarray(((anchor - positive) ** 2).sum() / 2), ((anchor - negatives) ** 2).sum(1) / 2
        if self.space == Space.SPHERE:
            nothing = np.zeros(0)
            nowhere = not anchor.any()
            near = np.where(nowhere or not positive.any(), 1.0, near)
            return _by_quantity(near, np.where(nowhere | ~negatives.any(1), 1.0, far), nothing, nothing)
        return _by_quantity(near, far, np.asarray(positive @ anchor), negatives @ anchor)

    def gathered(self, rates: Sequence[Rates]) -> tuple[Array, Array, Array]:
        """From derivatives by the quantities of each row to the gradient (V, N, D), attraction and repulsion."""
        gradient_AD = np.zeros_like(self.placed_AD)
        anchors, candidates = len(self.placed_AD), len(self.candidates_CD)
        attract_AA, repel_AC = np.zeros((anchors, anchors)), np.zeros((anchors, candidates))
        for row, rate in zip(self.rows, rates, strict=True):
            part = row.weight / self.total
            anchor, positive = self.placed_AD[row.anchor], self.placed_AD[row.positive]
            negatives = self.candidates_CD[row.negatives]
            near, far = rate[Quantity.POSITIVE].sum(), rate[Quantity.NEGATIVE]
            inner_near = rate[Quantity.INNER_POSITIVE].sum()
            inner_far = rate[Quantity.INNER_NEGATIVE] if self.space == Space.EUCLIDEAN else np.zeros_like(far)
            attract_AA[row.anchor, row.positive] += row.weight * (near - inner_near)
            repel_AC[row.anchor, row.negatives] += row.weight * (inner_far - far)
            gradient_AD[row.anchor] += part * (near * (anchor - positive) + inner_near * positive)
            gradient_AD[row.positive] += part * (near * (positive - anchor) + inner_near * anchor)
            gradient_AD[row.anchor] += part * (far @ (anchor - negatives) + inner_far @ negatives)
            if self.pairs != Pairs.QUEUE:
                pushes = far[:, None] * (negatives - anchor) + inner_far[:, None] * anchor
                np.add.at(gradient_AD, row.negatives, part * pushes)
        return self._unplaced(gradient_AD), self._pulls(attract_AA), self._pushes(repel_AC)

    def of_anchors(self, values_R: Array) -> Array:
        """From a number for each row to one for each anchor."""
        anchor_R = [row.anchor for row in self.rows]
        weight_R = np.array([row.weight for row in self.rows])
        value_A: Array = np.bincount(anchor_R, values_R * weight_R).astype(np.float64)
        return value_A

    def _pulls(self, attract_AA: Array) -> Array:
        """With one positive each, a number per anchor is enough."""
        if self.pairs.supervised:
            return attract_AA
        each: Array = attract_AA.sum(1)
        return each[: len(self.rows)]

    def _pushes(self, repel_AC: Array) -> Array:
        return repel_AC if self.pairs.supervised else repel_AC[: len(self.rows)]

    def _unplaced(self, gradient_AD: Array) -> Array:
        """On the sphere only what is tangent to it counts, and a longer embedding turns less."""
        if self.space == Space.EUCLIDEAN:
            return gradient_AD.reshape(self.raw_VND.shape)
        length_A1 = np.linalg.norm(self.raw_VND.reshape(gradient_AD.shape), axis=1, keepdims=True)
        tangent_AD = gradient_AD - (gradient_AD * self.placed_AD).sum(1, keepdims=True) * self.placed_AD
        raw_AD = np.divide(tangent_AD, length_A1, out=np.zeros_like(tangent_AD), where=length_A1 != 0)
        raw_VND: Array = raw_AD.reshape(self.raw_VND.shape)
        return raw_VND


def set_scene(loss: Loss, z_VND: Array, context: tuple[Array, ...]) -> Scene:
    """The rows of a batch; `context` is the placed queue (Q, D), or ends with the labels of all embeddings (A,)."""
    views, samples, width = z_VND.shape
    raw_AD = z_VND.reshape(views * samples, width).astype(np.float64)
    placed_AD = _on_sphere(raw_AD) if loss.space == Space.SPHERE else raw_AD
    candidates_CD = context[0].astype(np.float64) if loss.pairs == Pairs.QUEUE else placed_AD
    labels = list(context[-1]) if loss.pairs.supervised else []
    rows = tuple(_rows(loss.pairs, samples, len(candidates_CD), labels))
    return Scene(loss.space, loss.pairs, rows, z_VND.astype(np.float64), placed_AD, candidates_CD)


def _rows(pairs: Pairs, samples: int, candidates: int, labels: list[int]) -> list[Row]:
    every = range(2 * samples)

    def others(i: int) -> list[int]:
        return [j for j in every if j % samples != i % samples]

    match pairs:
        case Pairs.TWO_VIEW:
            return [Row(i, (i + samples) % (2 * samples), others(i)) for i in every]
        case Pairs.SAME_VIEW:
            same = {i: [j for j in others(i) if j // samples == i // samples] for i in every}
            return [Row(i, (i + samples) % (2 * samples), same[i]) for i in every]
        case Pairs.CROSS_VIEW:
            opposite = {i: [j for j in others(i) if j // samples != i // samples] for i in every}
            return [Row(i, (i + samples) % (2 * samples), opposite[i]) for i in every]
        case Pairs.QUEUE:
            return [Row(i, i + samples, list(range(candidates))) for i in range(samples)]
        case Pairs.LABELS | Pairs.CLASSES:
            return [row for i in every for row in _labelled(pairs, i, labels)]


def _labelled(pairs: Pairs, i: int, labels: list[int]) -> list[Row]:
    """A row for each positive of an anchor, all together weighing one."""
    every = range(len(labels))
    positives = [p for p in every if p != i and labels[p] == labels[i]]
    rows = []
    for p in positives:
        others = [j for j in every if j not in (i, p)]
        negatives = others if pairs == Pairs.LABELS else [j for j in others if labels[j] != labels[i]]
        rows.append(Row(i, p, negatives, 1 / len(positives)))
    return rows


def _on_sphere(raw_AD: Array) -> Array:
    length_A1 = np.linalg.norm(raw_AD, axis=1, keepdims=True)
    unit_AD: Array = np.divide(raw_AD, length_A1, out=np.zeros_like(raw_AD), where=length_A1 != 0)
    return unit_AD


def _by_quantity(near: Array, far: Array, inner_near: Array, inner_far: Array) -> dict[Quantity, Array]:
    return {
        Quantity.POSITIVE: near,
        Quantity.NEGATIVE: far,
        Quantity.INNER_POSITIVE: inner_near,
        Quantity.INNER_NEGATIVE: inner_far,
    }
