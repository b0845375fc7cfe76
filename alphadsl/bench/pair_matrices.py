"""The pairs of a batch as full matrices, as in code written by hand: autograd differentiates everything.

Two views come in, with the queue or labels of the index set; distances and inner products come out, with a mask of
negatives. It uses nothing of the compiled path, and the pairs are defined here a second time. Legend: N samples, D
embedding width, R anchors (rows, if an anchor has several positives), C candidates; if the views are treated
separately, matrices have a leading axis of two groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from alphadsl.ir.index_sets import IndexSet
from alphadsl.ir.kinds import Quantity, Space


@dataclass(frozen=True)
class PairMatrices:
    """The inputs of an expression; `weight_R1` is the weight of a row in the mean over anchors."""

    quantities: Mapping[Quantity, Tensor]
    negative_RC: Tensor
    weight_R1: Tensor


@dataclass(frozen=True)
class Indexed:
    """Anchors, positives and candidates, and which candidates are negatives of which anchor."""

    anchors_RD: Tensor
    positives_RD: Tensor
    candidates_CD: Tensor
    negative_RC: Tensor
    weight_R1: Tensor | None = None


WRITTEN = ("two_view", "same_view", "cross_view", "queue", "labels", "labels against other_classes")


class NoPlainForm(Exception):
    """A loss that nobody would write by hand; the message says why."""


def pair_matrices(
    pairs: IndexSet, space: Space, views: tuple[Tensor, Tensor], context: Mapping[str, Tensor]
) -> PairMatrices:
    """All quantities of a batch, in float32 at least, except for the product, which is computed in the dtype of the
    views. Raises `NoPlainForm`."""
    dtype = views[0].dtype
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    z0_ND, z1_ND, *queue = (_placed(space, z.to(wide)) for z in (*views, *_queue(context)))
    indexed = _indexed(pairs, torch.stack((z0_ND, z1_ND)), queue, context.get("labels"))
    s_R1 = (indexed.anchors_RD * indexed.positives_RD).sum(-1, keepdim=True)
    s_RC = (indexed.anchors_RD.to(dtype) @ indexed.candidates_CD.to(dtype).mT).to(wide)
    weight_R1 = torch.ones_like(s_R1) if indexed.weight_R1 is None else indexed.weight_R1.to(wide)
    quantities = _on_sphere(s_R1, s_RC) if space == Space.SPHERE else _in_space(indexed, s_R1, s_RC)
    return PairMatrices(quantities, indexed.negative_RC, weight_R1)


def _queue(context: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    return (context["queue"],) if "queue" in context else ()


def _placed(space: Space, z_ND: Tensor) -> Tensor:
    return functional.normalize(z_ND, dim=-1) if space == Space.SPHERE else z_ND


def _on_sphere(s_R1: Tensor, s_RC: Tensor) -> dict[Quantity, Tensor]:
    return {Quantity.INNER_POSITIVE: s_R1, Quantity.INNER_NEGATIVE: s_RC}


def _in_space(indexed: Indexed, s_R1: Tensor, s_RC: Tensor) -> dict[Quantity, Tensor]:
    anchor_R1, candidate_C1 = (
        z.square().sum(-1, keepdim=True) / 2 for z in (indexed.anchors_RD, indexed.candidates_CD)
    )
    d2_R1 = (indexed.anchors_RD - indexed.positives_RD).square().sum(-1, keepdim=True) / 2
    d2_RC = anchor_R1 + candidate_C1.mT - s_RC
    return _on_sphere(s_R1, s_RC) | {Quantity.POSITIVE: d2_R1, Quantity.NEGATIVE: d2_RC}


def _indexed(pairs: IndexSet, z_VND: Tensor, queue: list[Tensor], label_N: Tensor | None) -> Indexed:
    samples = z_VND.shape[1]
    sample_N = torch.arange(samples, device=z_VND.device)
    other_NN = sample_N[:, None] != sample_N
    every_CD, swapped_CD = z_VND.flatten(0, 1), z_VND.flip(0).flatten(0, 1)
    match pairs.name:
        case "two_view":
            return Indexed(every_CD, swapped_CD, every_CD, other_NN.tile(2, 2))
        case "same_view":
            return Indexed(z_VND, z_VND.flip(0), z_VND, other_NN)
        case "cross_view":
            return Indexed(z_VND, z_VND.flip(0), z_VND.flip(0), other_NN)
        case "queue":
            return Indexed(z_VND[0], z_VND[1], queue[0], other_NN.new_ones(samples, len(queue[0])))
        case "labels" | "labels against other_classes" as name:
            assert label_N is not None
            return _labelled(name, every_CD, label_N.tile(2))
        case unwritten:
            raise AssertionError(unwritten)


def _labelled(name: str, every_CD: Tensor, label_C: Tensor) -> Indexed:
    """One row for each positive of an anchor; the weights of an anchor's rows sum to 1."""
    same_CC = label_C[:, None] == label_C
    positive_CC = same_CC.clone().fill_diagonal_(False)
    anchor_R, positive_R = positive_CC.nonzero().unbind(1)
    if name == "labels against other_classes":
        negative_RC = ~same_CC[anchor_R]
    else:
        index_C = torch.arange(len(label_C), device=label_C.device)
        negative_RC = (index_C != anchor_R[:, None]) & (index_C != positive_R[:, None])
    weight_R1 = 1 / positive_CC.sum(1)[anchor_R][:, None].double()
    return Indexed(every_CD[anchor_R], every_CD[positive_R], every_CD, negative_RC, weight_R1)
