"""One loss step on a whole batch: place the embeddings, weigh the pairs, and push and pull by those weights.

Both views come as one tensor z_VND. The gradient is written out (a weighted graph Laplacian applied to the embeddings),
so autograd keeps nothing of size A x A. Legend as in `pairs`.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from alphadsl.backend.runtime.pairs import Batch

Weights = tuple[Tensor, ...]
Core = Callable[..., Weights]
Layout = Callable[..., Batch]
Received = tuple[Tensor, Tensor | None, Tensor]
Step = tuple[Tensor, Tensor, tuple[Tensor, ...]]
Weigh = Callable[[Batch, Weights], Weights]


def on_sphere(core: Core, batch: Batch, parameters: tuple[Tensor, ...]) -> Weights:
    """The results of the core from the cosines of anchors with positives and candidates, clamped to [-1, 1]."""
    s_A1 = (batch.anchors_GAD * batch.positives_GAD).sum(-1, keepdim=True).clamp(-1, 1)
    s_AC = product(batch.anchors_GAD, batch.candidates_GCD.mT).clamp_(-1, 1)
    return core(s_A1, s_AC, batch.negative_AC, batch.weight_GA1, *parameters)


def in_space(core: Core, batch: Batch, parameters: tuple[Tensor, ...]) -> Weights:
    """The results of the core from inner products and half squared distances, in Euclidean space."""
    s_A1 = (batch.anchors_GAD * batch.positives_GAD).sum(-1, keepdim=True)
    s_AC = product(batch.anchors_GAD, batch.candidates_GCD.mT)
    d2_A1 = (batch.anchors_GAD - batch.positives_GAD).square().sum(-1, keepdim=True) / 2
    anchor_A1, candidate_C1 = (x.square().sum(-1, keepdim=True) / 2 for x in (batch.anchors_GAD, batch.candidates_GCD))
    d2_AC = (anchor_A1 + candidate_C1.mT - s_AC).clamp_min(0)
    return core(s_A1, s_AC, d2_A1, d2_AC, batch.negative_AC, batch.weight_GA1, *parameters)


def near_sphere(core: Core, batch: Batch, parameters: Weights) -> Weights:
    """Like `on_sphere`, from s - 1 computed from differences."""
    anchors_GAD, positives_GAD, candidates_GCD = batch.anchors_GAD, batch.positives_GAD, batch.candidates_GCD
    s_A1 = shifted_cosines(anchors_GAD, positives_GAD)
    nowhere_AC = is_nowhere(anchors_GAD) | is_nowhere(candidates_GCD).mT
    s_AC = torch.where(nowhere_AC, -1.0, -half_squared_distances(anchors_GAD, candidates_GCD))
    return core(s_A1, s_AC, batch.negative_AC, batch.weight_GA1, *parameters)


def near_space(core: Core, batch: Batch, parameters: Weights) -> Weights:
    """Like `in_space`, with half squared distances computed from differences."""
    s_A1 = (batch.anchors_GAD * batch.positives_GAD).sum(-1, keepdim=True)
    s_AC = product(batch.anchors_GAD, batch.candidates_GCD.mT)
    d2_A1 = half_squares(batch.anchors_GAD - batch.positives_GAD)
    d2_AC = half_squared_distances(batch.anchors_GAD, batch.candidates_GCD)
    return core(s_A1, s_AC, d2_A1, d2_AC, batch.negative_AC, batch.weight_GA1, *parameters)


def half_squared_distances(a_XD: Tensor, b_YD: Tensor) -> Tensor:
    """Half squared distances (X, Y), each computed from the difference of two rows."""
    return torch.cdist(a_XD, b_YD, compute_mode="donot_use_mm_for_euclid_dist").square() / 2


def half_squares(z_XD: Tensor) -> Tensor:
    return z_XD.square().sum(-1, keepdim=True) / 2


def shifted_cosines(a_XD: Tensor, b_XD: Tensor) -> Tensor:
    """s - 1 of rows on the sphere, (X, 1), computed from differences."""
    return torch.where(is_nowhere(a_XD) | is_nowhere(b_XD), -1.0, -half_squares(a_XD - b_XD))


def is_nowhere(unit_XD: Tensor) -> Tensor:
    """Whether a row on the sphere is 0, (X, 1): it has cosine 0 with all others."""
    return (unit_XD == 0).all(-1, keepdim=True)


def sphere_value(weigh: Weigh, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights) -> Tensor:
    """The loss alone, with embeddings normalised."""
    batch = layout(unit_rows(z_VND)[0], *context)
    return mean_over_anchors(weigh(batch, parameters)[0], batch)


def euclidean_value(weigh: Weigh, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights) -> Tensor:
    """The loss alone, with embeddings as given."""
    batch = layout(widened(z_VND), *context)
    return mean_over_anchors(weigh(batch, parameters)[0], batch)


def sphere_weights(weigh: Weigh, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights) -> Weights:
    """All results of the core, for inspection."""
    return weigh(layout(unit_rows(z_VND)[0], *context), parameters)


def euclidean_weights(weigh: Weigh, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights) -> Weights:
    return weigh(layout(widened(z_VND), *context), parameters)


def sphere_step(weigh: Weigh, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights) -> Step:
    """The loss, its gradient (V, N, D) with respect to the embeddings as given, in full precision, and its gradients
    with respect to learned parameters."""
    unit_VND, length_VN1 = unit_rows(z_VND)
    batch = layout(unit_VND, *context)
    value_A1, attract_A1, repel_AC, *slopes = weigh(batch, parameters)
    gradient_VND = batch.collect(*push_and_pull(batch, as_known(attract_A1, value_A1), repel_AC))
    tangent_VND = on_tangent(gradient_VND, unit_VND, length_VN1)
    return mean_over_anchors(value_A1, batch), tangent_VND, mean_slopes(slopes, value_A1, batch)


def euclidean_step(weigh: Weigh, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights) -> Step:
    """Like `sphere_step`; a distance also moves an embedding along itself, by its part of the weights."""
    batch = layout(widened(z_VND), *context)
    value_A1, attract_A1, repel_AC, radial_A1, radial_AC, *slopes = weigh(batch, parameters)
    pulled = push_and_pull(batch, as_known(attract_A1, value_A1), repel_AC)
    received = added(pulled, push_and_pull_radially(batch, radial_A1, radial_AC))
    gradient_VND = batch.collect(*received)
    return mean_over_anchors(value_A1, batch), gradient_VND, mean_slopes(slopes, value_A1, batch)


def push_and_pull(batch: Batch, attract_A1: Tensor, repel_AC: Tensor) -> Received:
    """What anchors, candidates and positives receive, except their moves along themselves.

    If candidates are anchors, both halves of the push are one product, and nothing is left for the candidates.
    """
    part_GA1 = batch.part_GA1
    of_positives = -attract_A1 * part_GA1 * batch.anchors_GAD
    pull_GAD = attract_A1 * batch.positives_GAD
    if batch.transposed is not None:
        both_AC = repel_AC + batch.transposed(repel_AC)
        return (product(both_AC, batch.candidates_GCD) - pull_GAD) * part_GA1, None, of_positives
    of_candidates = product(repel_AC.mT, batch.anchors_GAD * part_GA1)
    return (product(repel_AC, batch.candidates_GCD) - pull_GAD) * part_GA1, of_candidates, of_positives


def product(a_GXY: Tensor, b_GYZ: Tensor) -> Tensor:
    """A batch of one is multiplied as matrices, since a batched product would copy a transposed factor."""
    return (a_GXY[0] @ b_GYZ[0])[None] if len(a_GXY) == 1 else a_GXY @ b_GYZ


def push_and_pull_radially(batch: Batch, pull_A1: Tensor, push_AC: Tensor) -> Received:
    """How far anchors, candidates and positives move along themselves."""
    part_GA1 = batch.part_GA1
    along_positives = pull_A1 * part_GA1 * batch.positives_GAD
    if batch.transposed is not None:
        both_A1 = (push_AC + batch.transposed(push_AC)).sum(-1, keepdim=True)
        return (pull_A1 - both_A1) * part_GA1 * batch.anchors_GAD, None, along_positives
    along_anchors = (pull_A1 - push_AC.sum(-1, keepdim=True)) * part_GA1 * batch.anchors_GAD
    return along_anchors, -(push_AC * part_GA1).sum(-2)[..., None] * batch.candidates_GCD, along_positives


def added(a: Received, b: Received) -> Received:
    of_candidates = a[1] if a[1] is None or b[1] is None else a[1] + b[1]
    return a[0] + b[0], of_candidates, a[2] + b[2]


def mean_over_anchors(value_A1: Tensor, batch: Batch) -> Tensor:
    return (value_A1 * batch.part_GA1).sum()


def mean_slopes(slopes: Iterable[Tensor], value_A1: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    return tuple(mean_over_anchors(as_known(slope_A1, value_A1), batch) for slope_A1 in slopes)


def as_known(of_anchor_A1: Tensor, value_A1: Tensor) -> Tensor:
    """A derivative of each anchor, or NaN where the value is NaN; the derivative of a corner, a comparison, would be
    finite there."""
    return torch.where(value_A1.isnan(), value_A1, of_anchor_A1)


def on_tangent(gradient_VND: Tensor, unit_VND: Tensor, length_VN1: Tensor) -> Tensor:
    """The gradient with respect to embeddings, from that with respect to their directions; 0 for a zero row, which has
    no direction."""
    radial_VN1 = (gradient_VND * unit_VND).sum(-1, keepdim=True)
    return torch.where(length_VN1 == 0, 0.0, (gradient_VND - radial_VN1 * unit_VND) / length_VN1)


def unit_rows(z_VND: Tensor) -> tuple[Tensor, Tensor]:
    """Rows on the sphere, in float32 or wider, and their lengths. A zero row stays zero. A row that is not finite has
    no direction, and becomes NaN."""
    wide_VND = widened(z_VND)
    scale_VN1 = wide_VND.abs().amax(-1, keepdim=True)
    scaled_VND = wide_VND / torch.where(scale_VN1 == 0, 1.0, scale_VN1)
    length_VN1 = scaled_VND.square().sum(-1, keepdim=True).sqrt()
    return scaled_VND / torch.where(length_VN1 == 0, 1.0, length_VN1), length_VN1 * scale_VN1


def widened(z: Tensor) -> Tensor:
    """float64 stays float64, everything else becomes float32."""
    return z if z.dtype == torch.float64 else z.float()
