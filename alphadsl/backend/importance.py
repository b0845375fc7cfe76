"""The weights of a batch as dense matrices, and what each anchor adds to the loss, for looking at."""

from dataclasses import dataclass

import torch
from torch import Tensor

from alphadsl.ir.arrangement import Arrangement
from alphadsl.ir.core import Core
from alphadsl.ir.index_sets import VIEWS
from alphadsl.ir.kinds import Positives

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


def as_importance(quantities: Tensors, core: Core, context: Tensors, samples: int, dtype: torch.dtype) -> Importance:
    """From what a generated function gives for rows, in groups of anchors with their own candidates, to anchors.

    Candidates are the embeddings of both views, if any is one, then the rows of a queue.
    """
    value_GA1, attract_GA1, repel_GAC = (quantity.to(dtype) for quantity in quantities[:3])
    match core.positives:
        case Positives.TOGETHER:
            return Importance(repel_GAC, attract_GA1, value_GA1[:, 0])
        case Positives.APART:
            return _of_rows(value_GA1[0], attract_GA1[0], repel_GAC[0], context, VIEWS * samples)
        case Positives.ONE:
            repel_AC = _spread(repel_GAC, core.arrangement, samples)
            return Importance(repel_AC, attract_GA1.flatten(), value_GA1.flatten())


def _spread(repel_GAC: Tensor, arrangement: Arrangement, samples: int) -> Tensor:
    if len(arrangement.anchors) == 1 and len(arrangement.candidates[0]) in (0, VIEWS):
        return repel_GAC[0]
    rows = []
    for group_AC, candidates in zip(repel_GAC, arrangement.candidates, strict=True):
        own = len(candidates) * samples
        met = dict(zip(candidates, group_AC[:, :own].split(samples, 1), strict=True))
        nothing_AN = group_AC.new_zeros(len(group_AC), samples)
        rows.append(torch.cat([*(met.get(view, nothing_AN) for view in range(VIEWS)), group_AC[:, own:]], 1))
    return torch.cat(rows)


def _of_rows(value_R1: Tensor, attract_R1: Tensor, repel_RC: Tensor, context: Tensors, embeddings: int) -> Importance:
    """A row for each of an anchor's positives, counted by its weight."""
    anchor_R, positive_R, weight_R1, *_ = context
    weight_R1 = weight_R1.to(repel_RC.dtype)
    attract_EE = repel_RC.new_zeros(embeddings, embeddings)
    attract_EE = attract_EE.index_put((anchor_R, positive_R), (attract_R1 * weight_R1)[:, 0])
    value_E = repel_RC.new_zeros(embeddings).index_add(0, anchor_R, (value_R1 * weight_R1)[:, 0])
    repel_EC = repel_RC.new_zeros(embeddings, repel_RC.shape[-1]).index_add(0, anchor_R, repel_RC * weight_R1)
    return Importance(repel_EC, attract_EE, value_E)
