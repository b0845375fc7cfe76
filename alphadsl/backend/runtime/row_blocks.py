"""The computation on one row block: some rows against all their candidates, so that every statistic of a row is
available.

Legend: A rows of the block, C candidates, D embedding width.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from alphadsl.backend.runtime.pairs import Axis, Ids, Mask
from alphadsl.backend.runtime.step import as_known, half_squares, shifted_cosines

Tensors = tuple[Tensor, ...]
Core = Callable[..., Tensors]


class Rows(NamedTuple):
    """Anchors with their positives, their ids, and the weight of each row in the mean."""

    anchors_AD: Tensor
    positives_AD: Tensor
    ids_A: Ids
    weight_A1: Tensor


class RowResults(NamedTuple):
    """For each row, the value, the pull, and the gradients with respect to learned parameters. In Euclidean space also
    the radial parts: the pull (A, 1), and the pushes summed over candidates (A, 1) and, weighted, over rows (C, 1)."""

    value_A1: Tensor
    attract_A1: Tensor
    radial: Tensors
    slopes: Tensors


def sphere_row_block(
    core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors
) -> RowResults:
    """The weights of the pushes overwrite the cosines."""
    s_A1 = (rows.anchors_AD * rows.positives_AD).sum(-1, keepdim=True).clamp(-1, 1)
    return _sphere(core, s_A1, s_AC, s_AC.clamp(-1, 1), rows, negatives(rows.ids_A, candidates.ids), parameters)


def near_sphere_row_block(
    core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors
) -> RowResults:
    """Like `sphere_row_block`, with s - 1 computed from differences."""
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
) -> RowResults:
    value_A1, attract_A1, repel_AC, *slopes = core(s_A1, s_AC, negative_AC, rows.weight_A1, *parameters)
    place_AC.copy_(repel_AC)
    attract_A1, *slopes = (as_known(each_A1, value_A1) for each_A1 in (attract_A1, *slopes))
    return RowResults(value_A1, attract_A1, (), tuple(slopes))


def near_euclidean_row_block(
    core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors
) -> RowResults:
    """Like `euclidean_row_block`; `s_AC` holds -d[i,j]^2 computed from differences."""
    d2_AC = -s_AC
    s_AC.copy_(half_squares(rows.anchors_AD) + candidates.half_E1.mT - d2_AC)
    return _euclidean(core, s_AC, d2_AC, rows, negatives(rows.ids_A, candidates.ids), parameters)


def euclidean_row_block(
    core: Core, negatives: Mask, s_AC: Tensor, rows: Rows, candidates: Axis, parameters: Tensors
) -> RowResults:
    """The weights of the pushes overwrite the inner products."""
    d2_AC = (half_squares(rows.anchors_AD) + candidates.half_E1.mT - s_AC).clamp_min(0)
    return _euclidean(core, s_AC, d2_AC, rows, negatives(rows.ids_A, candidates.ids), parameters)


def _euclidean(
    core: Core, s_AC: Tensor, d2_AC: Tensor, rows: Rows, negative_AC: Tensor, parameters: Tensors
) -> RowResults:
    s_A1 = (rows.anchors_AD * rows.positives_AD).sum(-1, keepdim=True)
    d2_A1 = half_squares(rows.anchors_AD - rows.positives_AD)
    weights = core(s_A1, s_AC.clone(), d2_A1, d2_AC, negative_AC, rows.weight_A1, *parameters)
    value_A1, attract_A1, repel_AC, pull_A1, push_AC, *slopes = weights
    s_AC.copy_(repel_AC)
    along = push_AC.sum(-1, keepdim=True), (push_AC * rows.weight_A1).sum(-2)[:, None]
    attract_A1, pull_A1, *slopes = (as_known(each_A1, value_A1) for each_A1 in (attract_A1, pull_A1, *slopes))
    return RowResults(value_A1, attract_A1, (pull_A1, *along), tuple(slopes))
