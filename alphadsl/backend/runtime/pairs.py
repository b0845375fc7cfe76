"""The index sets: from the embeddings of a batch to anchors, their positives, and their candidates with a mask.

Comes in: z_VND, both views of N samples, placed in their space, and what the set needs besides (queue, labels). Goes
out: a `Batch`, whose `collect` brings what anchors, candidates and positives receive back to the embeddings. Legend:
V 2 views, N samples, D embedding width, A anchors (rows, if an anchor has several positives), C candidates, Q rows of
the queue, G groups of anchors with the same candidates (1, or 2 where the views are told apart).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Transposed = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Batch:
    """`weight_A1` is what a row counts in the mean over anchors: less than 1 for one of several positives.

    Where the candidates are the anchors themselves in some order, `transposed` turns weights [i,j] into weights [j,i].
    """

    anchors_GAD: Tensor
    positives_GAD: Tensor
    candidates_GCD: Tensor
    negative_AC: Tensor
    weight_A1: Tensor
    transposed: Transposed | None
    collect: Callable[[Tensor, Tensor, Tensor], Tensor]

    @property
    def part_A1(self) -> Tensor:
        return self.weight_A1 / self.weight_A1.sum()


def two_view(z_VND: Tensor) -> Batch:
    """Candidates are all 2N embeddings; itself and its positive are no negatives of an anchor (SimCLR)."""
    views, samples, width = z_VND.shape
    every_GAD = z_VND.reshape(1, views * samples, width)
    sample_A = torch.arange(views * samples, device=z_VND.device) % samples
    negative_AC = sample_A[:, None] != sample_A[None, :]
    positives_GAD = z_VND.flip(0).reshape(1, views * samples, width)
    return _every_view(every_GAD, positives_GAD, every_GAD, negative_AC, lambda w_GAC: w_GAC.mT)


def same_view(z_VND: Tensor) -> Batch:
    """Candidates are the embeddings of the anchor's own view (Tian 2022, Eqn. 1)."""
    return _every_view(z_VND, z_VND.flip(0), z_VND, _others(z_VND), lambda w_GAC: w_GAC.mT)


def cross_view(z_VND: Tensor) -> Batch:
    """Candidates are the embeddings of the opposite view (CLIP, both directions)."""
    other_VND = z_VND.flip(0)
    return _every_view(z_VND, other_VND, other_VND, _others(z_VND), lambda w_GAC: w_GAC.flip(0).mT)


def with_queue(z_VND: Tensor, queue_QD: Tensor) -> Batch:
    """Anchors are those of view 0, candidates the rows of a queue, which receive no gradient (MoCo)."""
    anchors_GAD, positives_GAD = z_VND[:1], z_VND[1:]
    negative_AC = torch.ones(z_VND.shape[1], len(queue_QD), dtype=torch.bool, device=z_VND.device)

    def collect(of_anchors: Tensor, of_candidates: Tensor, of_positives: Tensor) -> Tensor:
        return torch.cat([of_anchors, of_positives])

    return Batch(
        anchors_GAD, positives_GAD, queue_QD[None], negative_AC, torch.ones_like(anchors_GAD[..., :1]), None, collect
    )


def with_labels(z_VND: Tensor, anchor_A: Tensor, positive_A: Tensor, weight_A1: Tensor, label_C: Tensor) -> Batch:
    """A row for each anchor and positive; candidates are all embeddings but those two (SupCon's L_out)."""
    every_C = torch.arange(z_VND.shape[0] * z_VND.shape[1], device=z_VND.device)
    negative_AC = (every_C != anchor_A[:, None]) & (every_C != positive_A[:, None])
    return _rows(z_VND, anchor_A, positive_A, negative_AC, weight_A1)


def with_classes(z_VND: Tensor, anchor_A: Tensor, positive_A: Tensor, weight_A1: Tensor, label_C: Tensor) -> Batch:
    """As `with_labels`, with the embeddings of other classes as candidates."""
    return _rows(z_VND, anchor_A, positive_A, label_C[anchor_A][:, None] != label_C[None, :], weight_A1)


def label_rows(label_N: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The rows of a labelled batch: anchor (A,), positive (A,), weight (A, 1), and the labels of all embeddings (C,).

    The positives of an anchor are all other embeddings of its label, the other view of its sample among them; their
    weights sum to one.
    """
    label_C = label_N.repeat(2)
    positive_CC = (label_C[:, None] == label_C[None, :]).fill_diagonal_(False)
    anchor_A, positive_A = positive_CC.nonzero().unbind(1)
    weight_A1 = 1 / positive_CC.sum(1)[anchor_A].double()[:, None]
    return anchor_A, positive_A, weight_A1, label_C


def _rows(z_VND: Tensor, anchor_A: Tensor, positive_A: Tensor, negative_AC: Tensor, weight_A1: Tensor) -> Batch:
    every_CD = z_VND.flatten(0, 1)

    def collect(of_anchors: Tensor, of_candidates: Tensor, of_positives: Tensor) -> Tensor:
        gathered_CD = of_candidates[0].index_add(0, anchor_A, of_anchors[0]).index_add(0, positive_A, of_positives[0])
        return gathered_CD.view_as(z_VND)

    return Batch(
        every_CD[anchor_A][None],
        every_CD[positive_A][None],
        every_CD[None],
        negative_AC,
        weight_A1[None].to(z_VND.dtype),
        None,
        collect,
    )


def _every_view(
    anchors_GAD: Tensor, positives_GAD: Tensor, candidates_GCD: Tensor, negative_AC: Tensor, transposed: Transposed
) -> Batch:
    """Every embedding is an anchor, and its positive is the other view."""

    def collect(of_anchors: Tensor, of_candidates: Tensor, of_positives: Tensor) -> Tensor:
        width = of_anchors.shape[-1]
        return of_anchors.reshape(2, -1, width) + of_positives.reshape(2, -1, width).flip(0)

    weight_A1 = torch.ones_like(anchors_GAD[..., :1])
    return Batch(anchors_GAD, positives_GAD, candidates_GCD, negative_AC, weight_A1, transposed, collect)


def _others(z_VND: Tensor) -> Tensor:
    sample_N = torch.arange(z_VND.shape[1], device=z_VND.device)
    return sample_N[:, None] != sample_N[None, :]
