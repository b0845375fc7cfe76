"""What is done to one strip: some rows against all their candidates, so that every statistic of a row is at hand.

Legend: A rows of the strip, C candidates, D embedding width.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from alphadsl.backend.runtime.pairs import Axis, Ids, Mask
from alphadsl.backend.runtime.step import as_known, half_squares, shifted_cosines

Tensors = tuple[Tensor, ...]
Core = Callable[..., Tensors]


class Rows(NamedTuple):
    """Anchors with their positives, their ids, and what each row counts in the mean."""

    anchors_AD: Tensor
    positives_AD: Tensor
    ids_A: Ids
    weight_A1: Tensor


class Found(NamedTuple):
    """Per row the value, the pull, and the slopes of learned parameters; in Euclidean space what runs radially: the
    pull (A, 1), and the pushes summed over candidates (A, 1) and over rows, counted by weight (C, 1)."""

    value_A1: Tensor
    attract_A1: Tensor
    radial: Tensors
    slopes: Tensors


def sphere_strip(core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors) -> Found:
    """The weights of the pushes take the place of the cosines."""
    s_A1 = (rows.anchors_AD * rows.positives_AD).sum(-1, keepdim=True).clamp(-1, 1)
    return _sphere(core, s_A1, s_AC, s_AC.clamp(-1, 1), rows, negatives(rows.ids_A, candidates.ids), parameters)


def near_sphere_strip(
    core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors
) -> Found:
    """As `sphere_strip`, of s - 1 by differences."""
    s_A1 = shifted_cosines(rows.anchors_AD, rows.positives_AD)
    return _sphere(core, s_A1, s_AC, s_AC.clone(), rows, negatives(rows.ids_A, candidates.ids), parameters)


def _sphere(
    core: Core,
    s_A1: Tensor,
    place_AC: Tensor,
    s_AC: Tensor,
    rows: Rows,
    negative_AC: Tensor,
    parameters: Tensors,
) -> Found:
    value_A1, attract_A1, repel_AC, *slopes = core(s_A1, s_AC, negative_AC, rows.weight_A1, *parameters)
    place_AC.copy_(repel_AC)
    attract_A1, *slopes = (as_known(each_A1, value_A1) for each_A1 in (attract_A1, *slopes))
    return Found(value_A1, attract_A1, (), tuple(slopes))


def near_euclidean_strip(
    core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors
) -> Found:
    """As `euclidean_strip`; the strip brings -d[i,j]^2 by differences."""
    d2_AC = -s_AC
    s_AC.copy_(half_squares(rows.anchors_AD) + candidates.half_E1.mT - d2_AC)
    return _euclidean(core, s_AC, d2_AC, rows, negatives(rows.ids_A, candidates.ids), parameters)


def euclidean_strip(
    core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors
) -> Found:
    """The weights of the pushes take the place of the inner products."""
    d2_AC = (half_squares(rows.anchors_AD) + candidates.half_E1.mT - s_AC).clamp_min(0)
    return _euclidean(core, s_AC, d2_AC, rows, negatives(rows.ids_A, candidates.ids), parameters)


def _euclidean(core: Core, s_AC: Tensor, d2_AC: Tensor, rows: Rows, negative_AC: Tensor, parameters: Tensors) -> Found:
    s_A1 = (rows.anchors_AD * rows.positives_AD).sum(-1, keepdim=True)
    d2_A1 = half_squares(rows.anchors_AD - rows.positives_AD)
    weights = core(s_A1, s_AC.clone(), d2_A1, d2_AC, negative_AC, rows.weight_A1, *parameters)
    value_A1, attract_A1, repel_AC, pull_A1, push_AC, *slopes = weights
    s_AC.copy_(repel_AC)
    along = push_AC.sum(-1, keepdim=True), (push_AC * rows.weight_A1).sum(-2)[:, None]
    attract_A1, pull_A1, *slopes = (as_known(each_A1, value_A1) for each_A1 in (attract_A1, pull_A1, *slopes))
    return Found(value_A1, attract_A1, (pull_A1, *along), tuple(slopes))
