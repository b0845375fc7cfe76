"""A batch as the interpreter sees it: row by row, each an anchor with one of its positives.

Raw embeddings come in and are placed in the space of the loss; derivatives with respect to distances and inner products
become gradients with respect to them. Legend: V 2 views, N samples, D embedding width, A embeddings of both views, E
these and the rows of a queue, C the negatives of a row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.index_sets import IndexSet
from alphadsl.ir.kinds import Quantity, Space
from alphadsl.ir.nodes import Loss
from alphadsl.reference.rows import Rows, rows_of

Array = NDArray[np.float64]
Rates = Mapping[Quantity, Array]


@dataclass(frozen=True)
class Row:
    """An anchor with one of its positives and all of its negatives, by index; `weight` is its share among the anchor's
    rows."""

    anchor: int
    positive: int
    negatives: list[int]
    weight: float


@dataclass(frozen=True)
class PlacedBatch:
    """A batch placed in the space of a loss."""

    space: Space
    pairs: IndexSet
    indexed: Rows
    raw_VND: Array
    placed_ED: Array

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._listed())

    def _listed(self) -> Iterator[Row]:
        rows = self.indexed
        for anchor, positive, negative_C, weight in zip(
            rows.anchor_A.tolist(), rows.positive_A.tolist(), rows.negative_AC, rows.weight_A1[:, 0], strict=True
        ):
            yield Row(anchor, positive, rows.candidate_C[negative_C].tolist(), float(weight))

    @property
    def total(self) -> float:
        """The number of anchors."""
        return sum(row.weight for row in self.rows)

    def of_anchors(self, values_R: Array) -> Array:
        """The numbers of the rows of each anchor, summed with their weights."""
        weighed_R = values_R * self.indexed.weight_A1[:, 0]
        values_E = np.bincount(self.indexed.anchor_A, weighed_R, self._embeddings).astype(np.float64)
        value_A: Array = values_E[np.unique(self.indexed.anchor_A)] if self.pairs.one_positive else values_E
        return value_A

    def quantities(self, row: Row) -> dict[Quantity, Array]:
        """Half squared distances of an anchor, () to its positive and (C,) to its negatives; in Euclidean space also
        inner products. On the sphere they are 1 - s, even for a zero embedding, which is not on it."""
        anchor, positive = self.placed_ED[row.anchor], self.placed_ED[row.positive]
        negatives = self.placed_ED[row.negatives]
        near, far = np.asarray(((anchor - positive) ** 2).sum() / 2), ((anchor - negatives) ** 2).sum(1) / 2
        if self.space == Space.SPHERE:
            nothing = np.zeros(0)
            nowhere = not anchor.any()
            near = np.where(nowhere or not positive.any(), 1.0, near)
            return _by_quantity(near, np.where(nowhere | ~negatives.any(1), 1.0, far), nothing, nothing)
        return _by_quantity(near, far, np.asarray(positive @ anchor), negatives @ anchor)

    def gathered(self, rates: Sequence[Rates]) -> tuple[Array, Array, Array]:
        """The gradient (V, N, D), attraction and repulsion, from the derivatives with respect to the quantities of each
        row."""
        gradient_ED = np.zeros_like(self.placed_ED)
        attract_EE, repel_EE = np.zeros((2, len(gradient_ED), len(gradient_ED)))
        for row, rate in zip(self.rows, rates, strict=True):
            part = row.weight / self.total
            anchor, positive = self.placed_ED[row.anchor], self.placed_ED[row.positive]
            negatives = self.placed_ED[row.negatives]
            near, far = rate[Quantity.POSITIVE].sum(), rate[Quantity.NEGATIVE]
            inner_near = rate[Quantity.INNER_POSITIVE].sum()
            inner_far = rate[Quantity.INNER_NEGATIVE] if self.space == Space.EUCLIDEAN else np.zeros_like(far)
            attract_EE[row.anchor, row.positive] += row.weight * (near - inner_near)
            repel_EE[row.anchor, row.negatives] += row.weight * (inner_far - far)
            gradient_ED[row.anchor] += part * (near * (anchor - positive) + inner_near * positive)
            gradient_ED[row.positive] += part * (near * (positive - anchor) + inner_near * anchor)
            gradient_ED[row.anchor] += part * (far @ (anchor - negatives) + inner_far @ negatives)
            pushes = far[:, None] * (negatives - anchor) + inner_far[:, None] * anchor
            np.add.at(gradient_ED, row.negatives, part * pushes)
        gradient_VND = self._unplaced(gradient_ED[: self._embeddings])
        return gradient_VND, self._pulls(attract_EE), self._pushes(repel_EE)

    @property
    def _embeddings(self) -> int:
        return int(np.prod(self.raw_VND.shape[:2]))

    def _pulls(self, attract_EE: Array) -> Array:
        """Attraction as one number per anchor, which is enough if each has only one positive."""
        if not self.pairs.one_positive:
            return attract_EE[: self._embeddings, : self._embeddings]
        summed_A: Array = attract_EE[self.indexed.anchor_A].sum(1)
        return summed_A

    def _pushes(self, repel_EE: Array) -> Array:
        rows = self.indexed.anchor_A if self.pairs.one_positive else np.arange(self._embeddings)
        pushed: Array = repel_EE[np.ix_(rows, self.indexed.candidate_C)]
        return pushed

    def _unplaced(self, gradient_AD: Array) -> Array:
        """The gradient with respect to the raw embeddings. On the sphere only its tangential part counts, divided by
        their length."""
        if self.space == Space.EUCLIDEAN:
            return gradient_AD.reshape(self.raw_VND.shape)
        placed_AD = self.placed_ED[: self._embeddings]
        length_A1 = np.linalg.norm(self.raw_VND.reshape(gradient_AD.shape), axis=1, keepdims=True)
        tangent_AD = gradient_AD - (gradient_AD * placed_AD).sum(1, keepdims=True) * placed_AD
        raw_AD = np.divide(tangent_AD, length_A1, out=np.zeros_like(tangent_AD), where=length_A1 != 0)
        raw_VND: Array = raw_AD.reshape(self.raw_VND.shape)
        return raw_VND


def placed_batch(loss: Loss, z_VND: Array, label_N: NDArray[np.int64] | None, queue_QD: Array | None) -> PlacedBatch:
    """A batch of raw embeddings and the other inputs of its index set: labels, and a queue that is already placed."""
    views, samples, width = z_VND.shape
    raw_VND = z_VND.astype(np.float64)
    raw_AD = raw_VND.reshape(views * samples, width)
    placed_AD = _on_sphere(raw_AD) if loss.space == Space.SPHERE else raw_AD
    queue = np.zeros((0, width)) if queue_QD is None else queue_QD.astype(np.float64)
    rows = rows_of(loss.pairs, np.arange(samples) if label_N is None else label_N, len(queue))
    return PlacedBatch(loss.space, loss.pairs, rows, raw_VND, np.concatenate([placed_AD, queue]))


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
