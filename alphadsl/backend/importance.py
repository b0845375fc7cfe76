"""The importances of a batch as dense matrices, and the loss of each anchor, for inspection."""

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
    """The importances of one batch of A anchors and C candidates. Both are all 2N embeddings, view 0 then view 1; with
    a queue, the anchors are the N of view 0 and the candidates its Q rows.

    repel (A, C) are the alpha_ij, attract (A,) the beta_i; with labels, attract is (A, A), with a weight for each
    positive. value (A,) is the loss of each anchor; its mean over anchors is the loss.

    `loss(z0, z1)` has the gradient of mean over anchors of attract_i d_i^2 - sum_j repel_ij d_ij^2, with both
    importances held fixed. In Euclidean space an inner product s counts as (|z_i|^2 + |z_j|^2) / 2 - d^2, with lengths
    held fixed.
    """

    repel: Tensor
    attract: Tensor
    value: Tensor


def as_importance(quantities: Tensors, core: Core, context: Tensors, samples: int, dtype: torch.dtype) -> Importance:
    """Convert the results of a generated function, by rows and groups of anchors with the same candidates, to anchors.

    Candidates are the embeddings of both views, if any of them is a candidate, then the rows of a queue.
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
    """Sum the rows of each anchor, one for each of its positives, with their weights."""
    anchor_R, positive_R, weight_R1, *_ = context
    weight_R1 = weight_R1.to(repel_RC.dtype)
    attract_EE = repel_RC.new_zeros(embeddings, embeddings)
    attract_EE = attract_EE.index_put((anchor_R, positive_R), (attract_R1 * weight_R1)[:, 0])
    value_E = repel_RC.new_zeros(embeddings).index_add(0, anchor_R, (value_R1 * weight_R1)[:, 0])
    repel_EC = repel_RC.new_zeros(embeddings, repel_RC.shape[-1]).index_add(0, anchor_R, repel_RC * weight_R1)
    return Importance(repel_EC, attract_EE, value_E)
