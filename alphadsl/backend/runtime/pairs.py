"""From the embeddings of a batch to anchors, their positives, and their candidates with a mask.

Comes in: z_VND, both views of N samples, placed in their space, and the other tensors of the index set (ids, queue).
Comes out: a `Batch`, whose `collect` turns what anchors, candidates and positives receive into gradients with respect
to the embeddings. Which views are compared, and by which ids, is written in the generated code. Legend: V 2 views, N
samples, D embedding width, A anchors (rows, if an anchor has several positives), C candidates, Q rows of the queue, G
groups of anchors with the same candidates, E embeddings of both views, then of the queue.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Ids = tuple[Tensor, ...]
Views = tuple[int, ...]
Mask = Callable[[Ids, Ids], Tensor]
Transposed = Callable[[Tensor], Tensor]


class Axis(NamedTuple):
    """The embeddings along one side of a matrix of pairs: their ids (E,) and half squared lengths (E, 1), which are
    empty on the sphere."""

    ids: Ids
    half_E1: Tensor


@dataclass(frozen=True)
class Batch:
    """`negatives` maps the ids of anchors (rows) and of candidates, (A,) and (C,), to a mask of the pairs that are
    negatives. `weight_GA1` is the weight of a row in the mean over anchors: less than 1 for one of several positives.

    If the candidates are the anchors themselves in some order, `transposed` turns weights [i,j] into weights [j,i].
    """

    anchors_GAD: Tensor
    positives_GAD: Tensor
    candidates_GCD: Tensor
    ids_A: Ids
    ids_C: Ids
    negatives: Mask
    weight_GA1: Tensor
    transposed: Transposed | None
    collect: Callable[[Tensor, Tensor | None, Tensor], Tensor]

    @property
    def negative_AC(self) -> Tensor:
        """The mask. It is computed on every use, since reading a stored mask would take longer than computing it."""
        return self.negatives(self.ids_A, self.ids_C)

    @property
    def part_GA1(self) -> Tensor:
        return self.weight_GA1 / self.weight_GA1.sum()


def by_views(
    z_VND: Tensor,
    queue: Ids,
    ids: tuple[Ids, Ids],
    negatives: Mask,
    anchors: tuple[Views, ...],
    candidates: tuple[Views, ...],
    transposed: Views | None,
) -> Batch:
    """A batch of whole views as anchors and candidates; the positive of an anchor is the other view of its sample."""
    opposite = tuple(tuple(len(z_VND) - 1 - view for view in group) for group in anchors)
    anchors_GAD, positives_GAD = _taken(z_VND, anchors), _taken(z_VND, opposite)
    candidates_GCD = anchors_GAD if candidates == anchors else _taken(z_VND, candidates)
    if queue:
        repeated_GQD = queue[0][None].expand(len(anchors), -1, -1)
        candidates_GCD = torch.cat([candidates_GCD, repeated_GQD], 1) if candidates[0] else repeated_GQD

    def collect(of_anchors: Tensor, of_candidates: Tensor | None, of_positives: Tensor) -> Tensor:
        received: dict[int, Tensor] = {}
        for given_GXD, groups in ((of_anchors, anchors), (of_candidates, candidates), (of_positives, opposite)):
            if given_GXD is not None:
                _add(received, given_GXD, groups, z_VND.shape[1])
        return torch.stack([received[view] if view in received else z_ND * 0 for view, z_ND in enumerate(z_VND)])

    weight_GA1 = torch.ones_like(anchors_GAD[..., :1])
    return Batch(
        anchors_GAD,
        positives_GAD,
        candidates_GCD,
        *ids,
        negatives,
        weight_GA1,
        None if transposed is None else lambda w_GAC: _ordered(w_GAC, transposed).mT,
        collect,
    )


def by_rows(
    z_VND: Tensor,
    queue: Ids,
    ids: tuple[Ids, Ids],
    negatives: Mask,
    rows: tuple[Tensor, Tensor, Tensor],
    embeddings: bool,
) -> Batch:
    """A batch with a row for each anchor and positive, with given weights (A, 1). The candidates are all embeddings, if
    any of them is a candidate, and the queue."""
    anchor_A, positive_A, weight_A1 = rows
    every_CD = z_VND.flatten(0, 1)

    def collect(of_anchors: Tensor, of_candidates: Tensor | None, of_positives: Tensor) -> Tensor:
        reached = embeddings and of_candidates is not None
        gathered_CD = of_candidates[0, : len(every_CD)] if reached else torch.zeros_like(every_CD)  # type: ignore[index]
        gathered_CD = gathered_CD.index_add(0, anchor_A, of_anchors[0]).index_add(0, positive_A, of_positives[0])
        return gathered_CD.view_as(z_VND)

    anchors_GAD, positives_GAD = (every_CD.index_select(0, at)[None] for at in (anchor_A, positive_A))
    candidates = [every_CD, *queue] if embeddings else queue
    candidates_CD = candidates[0] if len(candidates) == 1 else torch.cat(tuple(candidates))
    weight_GA1 = weight_A1[None].to(z_VND.dtype)
    return Batch(anchors_GAD, positives_GAD, candidates_CD[None], *ids, negatives, weight_GA1, None, collect)


def ids_of(kind: str, samples_NX: Tensor, class_N: Tensor | None, views: Sequence[int], queued: int) -> Tensor:
    """The ids of one kind: of the embeddings of some views, then of a queue, whose rows share no id with any of them.
    Of the samples, only number and device are used.

    They are int32, as wide as the float32 numbers beside which they are compared in one vector. They are made outside
    of a compiled graph, where they would be recomputed for every pair.
    """
    samples = len(samples_NX)
    sample_N = torch.arange(samples, dtype=torch.int32, device=samples_NX.device)
    match kind:
        case "class":
            assert class_N is not None
            ids_E = class_N.repeat(len(views))
        case "sample":
            ids_E = sample_N.repeat(len(views))
        case "view":
            ids_E = torch.cat([sample_N[:0], *(torch.full_like(sample_N, view) for view in views)])
        case _:
            ids_E = torch.cat([sample_N + view * samples for view in views])
    return torch.cat([ids_E, ids_E.new_full((queued,), -1)]) if queued else ids_E


def classes(label_N: Tensor) -> Tensor:
    """The class of each sample, as a number below N."""
    wide_N = label_N.to(torch.int64)
    return torch.searchsorted(wide_N.sort()[0], wide_N, out_int32=True)


def rows_of(
    key_E: Tensor, comparisons: Sequence[tuple[Tensor, bool]], anchors: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor]:
    """The rows of a batch: anchor (A,), positive (A,), weight (A, 1).

    The anchors are a span of the embeddings. The positives of an anchor are all other embeddings of its key that differ
    from it in some ids, or agree, as `comparisons` says; their weights sum to 1. They are found key by key, without a
    matrix of all pairs.
    """
    sorted_E, member_E = key_E.sort(stable=True)
    start_E, stop_E = (torch.searchsorted(sorted_E, key_E, right=right) for right in (False, True))
    others_E = stop_E - start_E - 1
    anchor_A = torch.repeat_interleave(others_E)
    place_A = torch.arange(len(anchor_A), device=key_E.device) - (others_E.cumsum(0) - others_E)[anchor_A]
    own_E = member_E.argsort() - start_E
    positive_A = member_E[start_E[anchor_A] + place_A + (place_A >= own_E[anchor_A])]
    if comparisons or anchors != (0, len(key_E)):
        kept_A = (anchor_A >= anchors[0]) & (anchor_A < anchors[1])
        for id_E, differs in comparisons:
            kept_A &= (id_E[anchor_A] != id_E[positive_A]) == differs
        anchor_A, positive_A = anchor_A[kept_A], positive_A[kept_A]
        others_E = torch.bincount(anchor_A, minlength=len(key_E))
    return anchor_A, positive_A, 1 / others_E[anchor_A].double()[:, None]


def _taken(z_VND: Tensor, groups: tuple[Views, ...]) -> Tensor:
    """Some views, group by group: (G, A, D). No copy is made if they are consecutive."""
    views = tuple(view for group in groups for view in group)
    first, stop = (views[0], views[0] + len(views)) if views else (0, 0)
    if views == tuple(range(first, stop)):
        taken_VND = z_VND[first:stop]
    elif views == tuple(reversed(range(len(z_VND)))):
        taken_VND = z_VND.flip(0)
    else:
        taken_VND = torch.stack([z_VND[view] for view in views])
    return taken_VND.reshape(len(groups), len(groups[0]) * z_VND.shape[1], z_VND.shape[2])


def _add(received: dict[int, Tensor], of_GXD: Tensor, groups: tuple[Views, ...], samples: int) -> None:
    """Add what the views of each group receive; rows behind them belong to a queue."""
    for group, of_XD in zip(groups, of_GXD, strict=True):
        for place, view in enumerate(group):
            part_ND = of_XD[place * samples : (place + 1) * samples]
            received[view] = received[view] + part_ND if view in received else part_ND


def _ordered(w_GAC: Tensor, order: Views) -> Tensor:
    if order == tuple(range(len(order))):
        return w_GAC
    return w_GAC.flip(0) if order == tuple(reversed(range(len(order)))) else w_GAC[list(order)]
