"""The index sets: from the embeddings of a batch to anchors, their positives, and their candidates with a mask.

Comes in: z_VND, both views of N samples, placed in their space, and what the set needs besides (marks, queue, labels).
Goes out: a `Batch`, whose `collect` brings what anchors, candidates and positives receive back to the embeddings.
Legend: V 2 views, N samples, D embedding width, A anchors (rows, if an anchor has several positives), C candidates, Q
rows of the queue, G groups of anchors with the same candidates (1, or 2 where the views are told apart), K marks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Transposed = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Batch:
    """A candidate is a negative of a row if its mark is none of the row's. `weight_GA1` is what a row counts in the
    mean over anchors: less than 1 for one of several positives.

    Where the candidates are the anchors themselves in some order, `transposed` turns weights [i,j] into weights [j,i].
    """

    anchors_GAD: Tensor
    positives_GAD: Tensor
    candidates_GCD: Tensor
    marks_AK: Tensor
    marks_C: Tensor
    weight_GA1: Tensor
    transposed: Transposed | None
    collect: Callable[[Tensor, Tensor | None, Tensor], Tensor]

    @property
    def negative_AC(self) -> Tensor:
        return differing(self.marks_AK, self.marks_C)

    @property
    def part_GA1(self) -> Tensor:
        return self.weight_GA1 / self.weight_GA1.sum()


def differing(marks_AK: Tensor, marks_C: Tensor) -> Tensor:
    """Marks are compared where they are used: a mask of bytes would be read slower than it is made."""
    first, *others = (marks_A[:, None] != marks_C for marks_A in marks_AK.unbind(-1))
    for other in others:
        first = first & other
    return first


def two_view(z_VND: Tensor, sample_A: Tensor) -> Batch:
    """Candidates are all 2N embeddings; itself and its positive are no negatives of an anchor (SimCLR)."""
    views, samples, width = z_VND.shape
    every_GAD = z_VND.reshape(1, views * samples, width)
    positives_GAD = z_VND.flip(0).reshape(1, views * samples, width)
    return _every_view(every_GAD, positives_GAD, every_GAD, sample_A, lambda w_GAC: w_GAC.mT, _as_it_is)


def same_view(z_VND: Tensor, sample_N: Tensor) -> Batch:
    """Candidates are the embeddings of the anchor's own view (Tian 2022, Eqn. 1)."""
    return _every_view(z_VND, z_VND.flip(0), z_VND, sample_N, lambda w_GAC: w_GAC.mT, _as_it_is)


def cross_view(z_VND: Tensor, sample_N: Tensor) -> Batch:
    """Candidates are the embeddings of the opposite view (CLIP, both directions)."""
    other_VND = z_VND.flip(0)
    return _every_view(z_VND, other_VND, other_VND, sample_N, lambda w_GAC: w_GAC.flip(0).mT, _flipped)


def with_queue(z_VND: Tensor, queue_QD: Tensor) -> Batch:
    """Anchors are those of view 0, candidates the rows of a queue, which receive no gradient (MoCo)."""
    anchors_GAD, positives_GAD = z_VND[:1], z_VND[1:]
    weight_GA1 = torch.ones_like(anchors_GAD[..., :1])

    def collect(of_anchors: Tensor, of_candidates: Tensor | None, of_positives: Tensor) -> Tensor:
        return torch.cat([of_anchors, of_positives])

    marks_AK, marks_C = weight_GA1[0], torch.zeros_like(queue_QD[:, 0])
    return Batch(anchors_GAD, positives_GAD, queue_QD[None], marks_AK, marks_C, weight_GA1, None, collect)


def with_labels(z_VND: Tensor, anchor_A: Tensor, positive_A: Tensor, weight_A1: Tensor, label_C: Tensor) -> Batch:
    """A row for each anchor and positive; candidates are all embeddings but those two (SupCon's L_out)."""
    every_C = torch.arange(z_VND.shape[0] * z_VND.shape[1], device=z_VND.device)
    return _rows(z_VND, anchor_A, positive_A, torch.stack([anchor_A, positive_A], -1), every_C, weight_A1)


def with_classes(z_VND: Tensor, anchor_A: Tensor, positive_A: Tensor, weight_A1: Tensor, label_C: Tensor) -> Batch:
    """As `with_labels`, with the embeddings of other classes as candidates."""
    return _rows(z_VND, anchor_A, positive_A, label_C[anchor_A][:, None], label_C, weight_A1)


def sample_marks(z0_ND: Tensor, views: int) -> tuple[Tensor]:
    """The number of each sample, by which an embedding tells itself and its positive from its negatives: of all anchors
    that share their candidates, so of both views or of one. As wide as a float32, which is compared with in one vector.
    Made outside of a compiled graph, where it would be worked out again for every pair."""
    return (torch.arange(len(z0_ND), dtype=torch.int32, device=z0_ND.device).repeat(views),)


def class_marks(label_N: Tensor) -> Tensor:
    """The class of each of the 2N embeddings, as a number below N: as wide as a float32, which a pair of them is
    compared beside."""
    wide_N = label_N.to(torch.int64)
    return torch.searchsorted(wide_N.sort()[0], wide_N, out_int32=True).repeat(2)


def label_rows(class_C: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The rows of a labelled batch: anchor (A,), positive (A,), weight (A, 1), and the classes of all embeddings (C,).

    The positives of an anchor are all other embeddings of its class, the other view of its sample among them; their
    weights sum to one. Found in the embeddings class by class, without a matrix of all.
    """
    sorted_C, member_C = class_C.sort(stable=True)
    start_C, stop_C = (torch.searchsorted(sorted_C, class_C, right=right) for right in (False, True))
    positives_C = stop_C - start_C - 1
    anchor_A = torch.repeat_interleave(positives_C)
    place_A = torch.arange(len(anchor_A), device=class_C.device) - (positives_C.cumsum(0) - positives_C)[anchor_A]
    own_C = member_C.argsort() - start_C
    positive_A = member_C[start_C[anchor_A] + place_A + (place_A >= own_C[anchor_A])]
    return anchor_A, positive_A, 1 / positives_C[anchor_A].double()[:, None], class_C


def _rows(
    z_VND: Tensor, anchor_A: Tensor, positive_A: Tensor, marks_AK: Tensor, marks_C: Tensor, weight_A1: Tensor
) -> Batch:
    every_CD = z_VND.flatten(0, 1)

    def collect(of_anchors: Tensor, of_candidates: Tensor | None, of_positives: Tensor) -> Tensor:
        gathered_CD = torch.zeros_like(every_CD) if of_candidates is None else of_candidates[0]
        gathered_CD = gathered_CD.index_add(0, anchor_A, of_anchors[0]).index_add(0, positive_A, of_positives[0])
        return gathered_CD.view_as(z_VND)

    anchors_GAD, positives_GAD = (every_CD.index_select(0, at)[None] for at in (anchor_A, positive_A))
    weight_GA1 = weight_A1[None].to(z_VND.dtype)
    return Batch(anchors_GAD, positives_GAD, every_CD[None], marks_AK, marks_C, weight_GA1, None, collect)


def _every_view(
    anchors_GAD: Tensor,
    positives_GAD: Tensor,
    candidates_GCD: Tensor,
    marks_A: Tensor,
    transposed: Transposed,
    as_anchors: Transposed,
) -> Batch:
    """Every embedding is an anchor, and its positive is the other view."""

    def collect(of_anchors: Tensor, of_candidates: Tensor | None, of_positives: Tensor) -> Tensor:
        width = of_anchors.shape[-1]
        both_GAD = of_anchors if of_candidates is None else of_anchors + as_anchors(of_candidates)
        return both_GAD.reshape(2, -1, width) + of_positives.reshape(2, -1, width).flip(0)

    weight_GA1 = torch.ones_like(anchors_GAD[..., :1])
    return Batch(anchors_GAD, positives_GAD, candidates_GCD, marks_A[:, None], marks_A, weight_GA1, transposed, collect)


def _as_it_is(of_candidates: Tensor) -> Tensor:
    return of_candidates


def _flipped(of_candidates: Tensor) -> Tensor:
    return of_candidates.flip(0)
