"""The value of a whole batch in operations that torch can differentiate by itself, any number of times and in any mode:
the basis of second derivatives, forward mode and `torch.func.vmap`.

The generated core is the same. Around it, nothing is done in place, and candidates that are not negatives are put where
every function has finite derivatives. The functions below replace faster functions of the same names that have no
derivative of their own. Legend as in `step`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from alphadsl.backend.runtime.pairs import Batch
from alphadsl.backend.runtime.step import Core, Layout, Weights, mean_over_anchors, widened

Multiply = Callable[[Tensor, Tensor], Tensor]


def sphere_value(
    multiply: Multiply, core: Core, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights
) -> Tensor:
    """The loss, with embeddings normalised."""
    batch = layout(directions(z_VND), *context)
    s_A1, s_AC = (_within(cosines) for cosines in inner_products(multiply, batch))
    negative_AC = batch.negative_AC
    far_AC = torch.where(negative_AC, s_AC, 0.0)
    return mean_over_anchors(core(s_A1, far_AC, negative_AC, batch.weight_GA1, *parameters)[0], batch)


def euclidean_value(
    multiply: Multiply, core: Core, layout: Layout, z_VND: Tensor, context: Weights, parameters: Weights
) -> Tensor:
    """The loss, with embeddings as given."""
    batch = layout(widened(z_VND), *context)
    s_A1, s_AC = inner_products(multiply, batch)
    d2_A1 = (batch.anchors_GAD - batch.positives_GAD).square().sum(-1, keepdim=True) / 2
    anchor_A1, candidate_C1 = (x.square().sum(-1, keepdim=True) / 2 for x in (batch.anchors_GAD, batch.candidates_GCD))
    negative_AC = batch.negative_AC
    d2_AC = torch.where(negative_AC, (anchor_A1 + candidate_C1.mT - s_AC).clamp_min(0), 1.0)
    far_AC = torch.where(negative_AC, s_AC, 0.0)
    return mean_over_anchors(core(s_A1, far_AC, d2_A1, d2_AC, negative_AC, batch.weight_GA1, *parameters)[0], batch)


def inner_products(multiply: Multiply, batch: Batch) -> tuple[Tensor, Tensor]:
    """Inner products of anchors with their positives and with all candidates."""
    s_A1 = (batch.anchors_GAD * batch.positives_GAD).sum(-1, keepdim=True)
    return s_A1, multiply(batch.anchors_GAD, batch.candidates_GCD.mT)


def directions(z_VND: Tensor) -> Tensor:
    """Rows on the sphere; a zero row stays zero and has no derivative."""
    wide_VND = widened(z_VND)
    scale_VN1 = wide_VND.detach().abs().amax(-1, keepdim=True)
    scaled_VND = wide_VND / torch.where(scale_VN1 == 0, 1.0, scale_VN1)
    square_VN1 = scaled_VND.square().sum(-1, keepdim=True)
    return scaled_VND / torch.where(square_VN1 == 0, 1.0, square_VN1).sqrt()


def _within(cosines: Tensor) -> Tensor:
    """Clamp cosines that rounding took out of [-1, 1], without losing their derivatives."""
    return cosines + (cosines.clamp(-1, 1) - cosines).detach()


def softplus(x: Tensor) -> Tensor:
    return -torch.nn.functional.logsigmoid(-x)


def log_softplus(x: Tensor) -> Tensor:
    """log(log(1 + e^x)), which is x below -30 to more than float64's digits."""
    small = x < -30
    return torch.where(small, x, torch.log(softplus(torch.where(small, 0.0, x))))


def log_difference(a: Tensor, b: Tensor) -> Tensor:
    none = a <= b
    apart = torch.where(none, -1.0, b - a)
    return torch.where(none, -torch.inf, a + torch.log(-torch.expm1(apart)))


def exp_difference(a: Tensor, b: Tensor, apart: Tensor) -> Tensor:
    rising = torch.exp(a) * -torch.expm1(-apart.clamp_min(0))
    return torch.where(apart >= 0, rising, torch.exp(b) * torch.expm1(apart.clamp_max(0)))


def quick_power(base: Tensor, exponent: Tensor | float) -> Tensor:
    return base**exponent


def distance_power(d2: Tensor, exponent: Tensor) -> Tensor:
    together = d2 <= 0
    power = torch.where(together, 1.0, d2) ** exponent
    return torch.where(together, (exponent == 0).to(d2.dtype), power)


REPLACED = {
    function.__name__: function
    for function in (softplus, log_softplus, log_difference, exp_difference, quick_power, distance_power)
}
