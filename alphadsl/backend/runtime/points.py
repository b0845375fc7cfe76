"""A batch as points: embeddings placed in their space, view 0 then view 1, then the rows of a queue; and the way back,
from what points have received to the gradient with respect to the embeddings.

Legend: V 2 views, N samples, D embedding width, P points, A anchors (the first of the points), Q rows of the queue.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from alphadsl.backend.runtime.step import Step, as_known, on_tangent, shifted_cosines, unit_rows, widened

Tensors = tuple[Tensor, ...]


class Points(NamedTuple):
    """`lengths_VN1` are empty in Euclidean space, the half squared lengths `half_P1` on the sphere. `to_positive` are
    s[i] and, in Euclidean space, d[i]^2, (N, 1) each."""

    points_PD: Tensor
    lengths_VN1: Tensor
    half_P1: Tensor
    to_positive: Tensors


class Received(NamedTuple):
    """Sums over all tiles: weighted sums of other points (P, D), and in Euclidean space how far each point is pushed
    along itself (P, 1)."""

    sums_PD: Tensor
    along_P1: Tensor


def place_on_sphere(z_VND: Tensor, queue: Tensors) -> Points:
    unit_VND, lengths_VN1 = unit_rows(z_VND)
    s_N1 = (unit_VND[0] * unit_VND[1]).sum(-1, keepdim=True).clamp(-1, 1)
    points_PD = torch.cat([unit_VND.flatten(0, 1), *queue]) if queue else unit_VND.flatten(0, 1)
    return Points(points_PD, lengths_VN1, points_PD.new_empty(0), (s_N1,))


def place_in_space(z_VND: Tensor, queue: Tensors) -> Points:
    wide_VND = widened(z_VND)
    s_N1 = (wide_VND[0] * wide_VND[1]).sum(-1, keepdim=True)
    d2_N1 = (wide_VND[0] - wide_VND[1]).square().sum(-1, keepdim=True) / 2
    points_PD = torch.cat([wide_VND.flatten(0, 1), *queue])
    return Points(points_PD, points_PD.new_empty(0), points_PD.square().sum(-1, keepdim=True) / 2, (s_N1, d2_N1))


def place_near_sphere(z_VND: Tensor, queue: Tensors) -> Points:
    """Like `place_on_sphere`, with s[i] - 1 computed from differences."""
    placed = place_on_sphere(z_VND, queue)
    z0_ND, z1_ND = placed.points_PD[: 2 * z_VND.shape[1]].view_as(z_VND)
    return placed._replace(to_positive=(shifted_cosines(z0_ND, z1_ND),))


def place_near_space(z_VND: Tensor, queue: Tensors) -> Points:
    """Like `place_in_space`, where distances to positives are computed from differences already."""
    return place_in_space(z_VND, queue)


def gather_on_sphere(
    anchors: Callable[..., Tensors], known: Tensors, at: Points, received: Received, z_VND: Tensor
) -> Step:
    """The mean value, the gradient (V, N, D) with respect to the embeddings as given, and the mean gradients with
    respect to learned parameters."""
    value_A1, *derivatives = anchors(*known)
    attract_A1, *slopes = (as_known(each_A1, value_A1) for each_A1 in derivatives)
    placed_VND, pushed_VND = (part[: z_VND.shape[0] * z_VND.shape[1]].view_as(z_VND) for part in (at[0], received[0]))
    gradient_VND = (pushed_VND - _felt(attract_A1, z_VND) * placed_VND.flip(0)) / len(attract_A1)
    tangent_VND = on_tangent(gradient_VND, placed_VND, at.lengths_VN1)
    return value_A1.mean(), tangent_VND, tuple(slope_A1.mean() for slope_A1 in slopes)


def gather_in_space(
    anchors: Callable[..., Tensors], known: Tensors, at: Points, received: Received, z_VND: Tensor
) -> Step:
    """The same in Euclidean space, where distances also move points along themselves."""
    value_A1, *derivatives = anchors(*known)
    attract_A1, pull_A1, *slopes = (as_known(each_A1, value_A1) for each_A1 in derivatives)
    embeddings = z_VND.shape[0] * z_VND.shape[1]
    placed_VND, pushed_VND = (part[:embeddings].view_as(z_VND) for part in (at[0], received[0]))
    along_VN1 = _felt(pull_A1, z_VND) - received.along_P1[:embeddings].view(*z_VND.shape[:2], 1)
    moved_VND = pushed_VND - _felt(attract_A1, z_VND) * placed_VND.flip(0) + along_VN1 * placed_VND
    return value_A1.mean(), moved_VND / len(attract_A1), tuple(slope_A1.mean() for slope_A1 in slopes)


def _felt(pull_A1: Tensor, z_VND: Tensor) -> Tensor:
    """The total pull on each embedding (1, N, 1), as an anchor and as the positive of one."""
    return pull_A1.view(-1, z_VND.shape[1], 1).sum(0, keepdim=True)
