"""A batch as points: embeddings placed in their space, view 0 then view 1, then the rows of a queue; and the way back,
from what points have received to the gradient on the embeddings.

Legend: V 2 views, N samples, D embedding width, P points, A anchors (the first of the points).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from alphadsl.backend.runtime.step import on_tangent, unit_rows, widened
from alphadsl.backend.runtime.tiles import Tensors
from alphadsl.backend.streaming.geometry import Tiling
from alphadsl.ir.kinds import Pairs, Space


@dataclass(frozen=True)
class Points:
    """`anchors` is what the generated functions want of anchors first: s[i], in Euclidean space d[i]^2, the number of
    negatives (A, 1 each), and the number of anchors; `half_P1` are half squared lengths, empty on the sphere."""

    points_PD: Tensor
    length_VN1: Tensor
    marks_P1: Tensor
    half_P1: Tensor
    anchors: Tensors


def place_points(pairs: Pairs, space: Space, tiling: Tiling, z_VND: Tensor, context: Tensors) -> Points:
    placed_VND, length_VN1 = unit_rows(z_VND) if space == Space.SPHERE else (widened(z_VND), z_VND[..., :0])
    embeddings_ED = placed_VND.flatten(0, 1)
    s_N1 = (placed_VND[0] * placed_VND[1]).sum(-1, keepdim=True)
    turns = tiling.anchors // len(s_N1)
    samples_E1 = torch.arange(len(s_N1), device=z_VND.device).repeat(2)[:, None]
    count_A1 = torch.full((tiling.anchors, 1), tiling.negatives, dtype=s_N1.dtype, device=s_N1.device)
    anchors_1 = torch.full((1, 1), tiling.anchors, dtype=s_N1.dtype, device=s_N1.device)
    marks_P1, points_PD = samples_E1, embeddings_ED
    if pairs == Pairs.QUEUE:
        marks_P1 = torch.cat([samples_E1, torch.full_like(context[0][:, :1], -1, dtype=torch.int64)])
        points_PD = torch.cat([embeddings_ED, context[0]])
    match space:
        case Space.SPHERE:
            anchors = s_N1.clamp(-1, 1).repeat(turns, 1), count_A1, anchors_1
            return Points(points_PD, length_VN1, marks_P1, points_PD[:, :0], anchors)
        case Space.EUCLIDEAN:
            d2_N1 = (placed_VND[0] - placed_VND[1]).square().sum(-1, keepdim=True) / 2
            half_P1 = points_PD.square().sum(-1, keepdim=True) / 2
            anchors_of = s_N1.repeat(turns, 1), d2_N1.repeat(turns, 1), count_A1, anchors_1
            return Points(points_PD, length_VN1, marks_P1, half_P1, anchors_of)


def gather_gradient(
    points: Points, z_VND: Tensor, received_PD: Tensor, attract_A1: Tensor, stretch: tuple[Tensor, Tensor] | None
) -> Tensor:
    """The gradient (V, N, D) on the embeddings as they came, from the weighted sums that push points apart, the pulls
    on anchors, and in Euclidean space the pulls (A, 1) and pushes (P, 1) that run along points themselves.

    `received_PD` is used up.
    """
    samples, anchors = z_VND.shape[1], len(attract_A1)
    placed_VND = points.points_PD[: 2 * samples].view_as(z_VND)
    gradient_VND = received_PD[: 2 * samples].view_as(z_VND)
    gradient_VND.addcmul_(_felt(attract_A1, z_VND), placed_VND.flip(0), value=-1)
    if stretch is not None:
        pull_A1, push_P1 = stretch
        along_VN1 = _felt(pull_A1, z_VND) - push_P1[: 2 * samples].view(2, samples, 1)
        gradient_VND.addcmul_(along_VN1, placed_VND)
    gradient_VND /= anchors
    if points.length_VN1.shape[-1]:
        gradient_VND = on_tangent(gradient_VND, placed_VND, points.length_VN1)
    return gradient_VND.to(z_VND.dtype)


def _felt(pull_A1: Tensor, z_VND: Tensor) -> Tensor:
    """The pull that each embedding feels (V, N, 1), as an anchor and as the positive of one."""
    by_view = pull_A1.view(-1, z_VND.shape[1], 1)
    return by_view.sum(0, keepdim=True).expand(2, -1, -1)
