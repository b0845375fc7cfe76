"""One loss step on a whole batch: normalise, weigh the pairs, and push and pull the embeddings by those weights.

Both views come as one tensor z_VND. The gradient is written out (a weighted graph Laplacian applied to the embeddings),
so autograd keeps nothing of size A x A. Legend: V 2 views, N samples, D embedding width, A = 2N anchors, C candidates,
G groups of anchors with the same candidates (1, or 2 where the views are told apart).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor, Tensor]
Core = Callable[..., Weights]


@dataclass(frozen=True)
class Batch:
    """Anchors, their positives and their candidates, grouped as the index set asks."""

    anchors_GAD: Tensor
    positives_GAD: Tensor
    candidates_GCD: Tensor
    negative_AC: Tensor
    transposed: Callable[[Tensor], Tensor]


def two_view(unit_VND: Tensor) -> Batch:
    """Candidates are all 2N embeddings; itself and its positive are no negatives of an anchor (SimCLR)."""
    views, samples, width = unit_VND.shape
    every_GAD = unit_VND.reshape(1, views * samples, width)
    sample_A = torch.arange(views * samples, device=unit_VND.device) % samples
    negative_AC = sample_A[:, None] != sample_A[None, :]
    positives_GAD = unit_VND.flip(0).reshape(1, views * samples, width)
    return Batch(every_GAD, positives_GAD, every_GAD, negative_AC, lambda w_GAC: w_GAC.mT)


def same_view(unit_VND: Tensor) -> Batch:
    """Candidates are the embeddings of the anchor's own view (Tian 2022, Eqn. 1)."""
    return Batch(unit_VND, unit_VND.flip(0), unit_VND, _others(unit_VND), lambda w_GAC: w_GAC.mT)


def cross_view(unit_VND: Tensor) -> Batch:
    """Candidates are the embeddings of the opposite view (CLIP, both directions)."""
    other_VND = unit_VND.flip(0)
    return Batch(unit_VND, other_VND, other_VND, _others(unit_VND), lambda w_GAC: w_GAC.flip(0).mT)


def importance(core: Core, batch: Batch, parameters: tuple[Tensor, ...]) -> Weights:
    """Value (G, A, 1), attraction (G, A, 1) and repulsion (G, A, C) of every anchor; no cosine is beyond [-1, 1]."""
    s_A1 = (batch.anchors_GAD * batch.positives_GAD).sum(-1, keepdim=True).clamp(-1, 1)
    s_AC = (batch.anchors_GAD @ batch.candidates_GCD.mT).clamp_(-1, 1)
    return core(s_A1, s_AC, batch.negative_AC, *parameters)


def value(core: Core, layout: Callable[[Tensor], Batch], z_VND: Tensor, *parameters: Tensor) -> Tensor:
    """The loss alone."""
    unit_VND, _ = unit_rows(z_VND)
    value_GA1, _, _ = importance(core, layout(unit_VND), parameters)
    return value_GA1.mean()


def value_and_gradient(
    core: Core, layout: Callable[[Tensor], Batch], z_VND: Tensor, *parameters: Tensor
) -> tuple[Tensor, Tensor]:
    """The loss, and its gradient (V, N, D) on the embeddings as they came, in their own dtype."""
    unit_VND, length_VN1 = unit_rows(z_VND)
    batch = layout(unit_VND)
    value_GA1, attract_GA1, repel_GAC = importance(core, batch, parameters)
    pull_VN1 = attract_GA1.reshape(length_VN1.shape)
    pull_GA1 = (pull_VN1 + pull_VN1.flip(0)).reshape(attract_GA1.shape)
    push_GAC = repel_GAC + batch.transposed(repel_GAC)
    gradient_GAD = push_GAC @ batch.candidates_GCD - pull_GA1 * batch.positives_GAD
    gradient_VND = gradient_GAD.reshape(unit_VND.shape) / value_GA1.numel()
    radial_VN1 = (gradient_VND * unit_VND).sum(-1, keepdim=True)
    tangent_VND = torch.where(length_VN1 > 0, (gradient_VND - radial_VN1 * unit_VND) / length_VN1, 0.0)
    return value_GA1.mean(), tangent_VND.to(z_VND.dtype)


def unit_rows(z_VND: Tensor) -> tuple[Tensor, Tensor]:
    """Rows on the sphere in float32 or wider, and their lengths; a zero row stays zero."""
    wide_VND = z_VND.double() if z_VND.dtype == torch.float64 else z_VND.float()
    scale_VN1 = wide_VND.abs().amax(-1, keepdim=True)
    scaled_VND = wide_VND / torch.where(scale_VN1 > 0, scale_VN1, 1.0)
    length_VN1 = scaled_VND.square().sum(-1, keepdim=True).sqrt()
    return scaled_VND / torch.where(length_VN1 > 0, length_VN1, 1.0), length_VN1 * scale_VN1


def _others(unit_VND: Tensor) -> Tensor:
    sample_N = torch.arange(unit_VND.shape[1], device=unit_VND.device)
    return sample_N[:, None] != sample_N[None, :]
