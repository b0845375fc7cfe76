"""One step of a labelled loss that takes the positives of an anchor together: every anchor against all candidates, in
one matrix.

A candidate is a positive or a negative of an anchor (or both, where all others repel), and each pair has one weight,
its push minus its pull. Legend: V 2 views, N samples, D embedding width, A anchors, C candidates (all embeddings, in
the order of the views); ids are (A,) and (C,), those that the index set compares.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from alphadsl.backend.runtime.pairs import Axis
from alphadsl.backend.runtime.step import Step, as_known, on_tangent, unit_rows, widened

Tensors = tuple[Tensor, ...]
Core = Callable[..., Tensors]
Masks = Callable[[Tensors, Tensors], tuple[Tensor, Tensor]]


def value_sphere(core: Core, masks: Masks, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensor:
    """The loss alone, with embeddings normalised."""
    return weights_sphere(core, masks, z_VND, context, parameters)[0].mean()


def value_euclidean(core: Core, masks: Masks, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensor:
    """The loss alone, with embeddings as given."""
    return weights_euclidean(core, masks, z_VND, context, parameters)[0].mean()


def weights_sphere(core: Core, masks: Masks, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensors:
    """All results of the core, for inspection."""
    point_CD = unit_rows(z_VND)[0].flatten(0, 1)
    every = Axis(context, point_CD[:, :0])
    return compare_on_sphere(core, masks, point_CD @ point_CD.mT, every, every, parameters)


def weights_euclidean(core: Core, masks: Masks, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensors:
    point_CD = widened(z_VND).flatten(0, 1)
    every = Axis(context, point_CD.square().sum(-1, keepdim=True) / 2)
    return compare_in_space(core, masks, point_CD @ point_CD.mT, every, every, parameters)


def step_sphere(core: Core, masks: Masks, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
    """The loss, its gradient (V, N, D) with respect to the embeddings as given, in full precision, and its gradients
    with respect to learned parameters."""
    unit_VND, length_VN1 = unit_rows(z_VND)
    point_CD, every = unit_VND.flatten(0, 1), Axis(context, unit_VND[0, :, :0])
    s_CC = point_CD @ point_CD.mT
    value_A1, attract_CC, repel_CC, *slopes = compare_on_sphere(core, masks, s_CC, every, every, parameters)
    gradient_VND = _pushed(repel_CC - attract_CC, point_CD).view_as(unit_VND)
    tangent_VND = on_tangent(gradient_VND, unit_VND, length_VN1)
    return value_A1.mean(), tangent_VND, tuple(slope_A1.mean() for slope_A1 in slopes)


def step_euclidean(core: Core, masks: Masks, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
    """Like `step_sphere`; a distance also moves an embedding along itself, by its part of the weights."""
    weights = weights_euclidean(core, masks, z_VND, context, parameters)
    value_A1, attract_CC, repel_CC, pull_CC, push_CC, *slopes = weights
    point_CD, along_CC = widened(z_VND).flatten(0, 1), pull_CC - push_CC
    along_C1 = (along_CC + along_CC.mT).sum(-1, keepdim=True) / len(point_CD)
    gradient_CD = _pushed(repel_CC - attract_CC, point_CD) + along_C1 * point_CD
    return value_A1.mean(), gradient_CD.view_as(z_VND), tuple(slope_A1.mean() for slope_A1 in slopes)


def compare_on_sphere(
    core: Core, masks: Masks, s_AC: Tensor, anchors: Axis, candidates: Axis, parameters: Tensors
) -> Tensors:
    positive_AC, negative_AC = masks(anchors.ids, candidates.ids)
    compared = core(s_AC.clamp(-1, 1), positive_AC, negative_AC, _each(positive_AC, s_AC), *parameters)
    value_A1, attract_AC, repel_AC, *slopes = compared
    known_AC = _known(attract_AC, value_A1, positive_AC)
    return value_A1, known_AC, repel_AC, *(as_known(slope_A1, value_A1) for slope_A1 in slopes)


def compare_in_space(
    core: Core, masks: Masks, s_AC: Tensor, anchors: Axis, candidates: Axis, parameters: Tensors
) -> Tensors:
    d2_AC = (anchors.half_E1 + candidates.half_E1.mT - s_AC).clamp_min(0)
    positive_AC, negative_AC = masks(anchors.ids, candidates.ids)
    compared = core(s_AC, d2_AC, positive_AC, negative_AC, _each(positive_AC, s_AC), *parameters)
    value_A1, attract_AC, repel_AC, pull_AC, push_AC, *slopes = compared
    attract_AC, pull_AC = (_known(weight_AC, value_A1, positive_AC) for weight_AC in (attract_AC, pull_AC))
    slopes = [as_known(slope_A1, value_A1) for slope_A1 in slopes]
    return value_A1, attract_AC, repel_AC, pull_AC, push_AC, *slopes


def _known(weight_AC: Tensor, value_A1: Tensor, positive_AC: Tensor) -> Tensor:
    """The weights, with the pulls of an anchor NaN where `as_known` makes them so."""
    return torch.where(positive_AC, as_known(weight_AC, value_A1), weight_AC)


def _each(positive_AC: Tensor, like: Tensor) -> Tensor:
    """The weight of each positive of an anchor. Every anchor has at least one, the other view of its sample."""
    return 1 / positive_AC.sum(-1, keepdim=True, dtype=like.dtype)


def _pushed(weight_CC: Tensor, point_CD: Tensor) -> Tensor:
    """A pair is pushed by the sum of the weights that its two anchors give each other."""
    return (weight_CC + weight_CC.mT) @ point_CD / len(point_CD)
