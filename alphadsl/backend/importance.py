"""The weights of a batch as dense matrices, and what each anchor adds to the loss, for looking at."""

from dataclasses import dataclass

import torch
from torch import Tensor

from alphadsl.ir.kinds import Pairs, Positives

Tensors = tuple[Tensor, ...]


@dataclass(frozen=True)
class Importance:
    """The weights of one batch, A anchors against C candidates: all 2N embeddings, view 0 then view 1; with a queue,
    the N anchors of view 0 and its Q rows.

    repel (A, C) are the alpha_ij, attract (A,) the beta_i; with labels, attract is (A, A), a weight for each positive.
    value (A,) is the loss of each anchor, and its mean over anchors the loss.

    `loss(z0, z1)` has the gradient of mean over anchors of attract_i d_i^2 - sum_j repel_ij d_ij^2, both held fixed.
    In Euclidean space an inner product s counts as (|z_i|^2 + |z_j|^2) / 2 - d^2, lengths held fixed.
    """

    repel: Tensor
    attract: Tensor
    value: Tensor


def as_importance(
    quantities: Tensors, positives: Positives, pairs: Pairs, context: Tensors, dtype: torch.dtype
) -> Importance:
    """From what a generated function gives for rows, in groups of anchors with their own candidates, to anchors."""
    value_GA1, attract_GA1, repel_GAC = (quantity.to(dtype) for quantity in quantities[:3])
    if positives == Positives.TOGETHER:
        return Importance(repel_GAC, attract_GA1, value_GA1[:, 0])
    match pairs:
        case Pairs.LABELS | Pairs.CLASSES:
            return _of_rows(value_GA1[0], attract_GA1[0], repel_GAC[0], context)
        case Pairs.TWO_VIEW | Pairs.QUEUE:
            return Importance(repel_GAC[0], attract_GA1.flatten(), value_GA1.flatten())
        case Pairs.SAME_VIEW | Pairs.CROSS_VIEW:
            groups, anchors, candidates = repel_GAC.shape
            repel_AA = repel_GAC.new_zeros(groups, anchors, groups, candidates)
            for view in range(groups):
                repel_AA[view, :, view if pairs == Pairs.SAME_VIEW else 1 - view] = repel_GAC[view]
            repel_AA = repel_AA.reshape(groups * anchors, groups * candidates)
            return Importance(repel_AA, attract_GA1.flatten(), value_GA1.flatten())


def _of_rows(value_R1: Tensor, attract_R1: Tensor, repel_RC: Tensor, context: Tensors) -> Importance:
    """A row for each of an anchor's positives, counted by its weight."""
    anchor_R, positive_R, weight_R1, _ = context
    weight_R1, candidates = weight_R1.to(repel_RC.dtype), repel_RC.shape[-1]
    empty_CC = repel_RC.new_zeros(candidates, candidates)
    attract_CC = empty_CC.index_put((anchor_R, positive_R), (attract_R1 * weight_R1)[:, 0])
    value_C = repel_RC.new_zeros(candidates).index_add(0, anchor_R, (value_R1 * weight_R1)[:, 0])
    return Importance(empty_CC.index_add(0, anchor_R, repel_RC * weight_R1), attract_CC, value_C)
