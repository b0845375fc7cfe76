"""When two answers (value, gradient, slopes) agree: the views they were asked on and two answers in, an
AssertionError with the errors in figures out when they differ by more than the tolerance.

Gradients are compared by the norm of the difference over the norm of the truth. A value may vanish by
cancellation (`triplet_contrastive` sums signed differences), so its error is taken against the larger of
the value and of how much the value moves, to first order, when every embedding is turned by a radian: sum_i
|z_i| |g_i|. What lies below the exponent range of the number type (1e-30 in float32) counts as zero.
"""

import math

import torch
from torch import Tensor

from tests.oracles.batch import Answer


def gradient_of(answer: Answer) -> Tensor:
    """Both views' gradients as one float64 tensor of the anchors' order (2N, D)."""
    return torch.cat([answer.g0_ND, answer.g1_ND]).double()


def smallest_told(answer: Answer) -> float:
    """Magnitudes below this have lost digits to underflow in the answer's own number type."""
    tiny: float = torch.finfo(answer.g0_ND.dtype).tiny
    return math.pow(tiny, 0.8)


def value_scale(truth: Answer, z0_ND: Tensor, z1_ND: Tensor) -> float:
    """The larger of the value's size and of what turning every embedding by a radian adds to it."""
    z_AD = torch.cat([z0_ND, z1_ND]).double()
    turning: float = (z_AD.norm(dim=1) * gradient_of(truth).norm(dim=1)).sum().item()
    return max(abs(float(truth.value)), turning)


def assert_same_gradient(found: Answer, truth: Answer, tolerance: float) -> None:
    """The gradients differ by at most `tolerance` of the truth's norm."""
    error = (gradient_of(found) - gradient_of(truth)).norm().item()
    scale = gradient_of(truth).norm().item()
    assert error <= tolerance * scale + smallest_told(found), f"gradient off by {error:.2e} of {scale:.2e}"


def assert_same_value(found: Answer, truth: Answer, z0_ND: Tensor, z1_ND: Tensor, tolerance: float) -> None:
    """The values differ by at most `tolerance` of the value's scale."""
    error = abs(found.value.item() - truth.value.item())
    scale = value_scale(truth, z0_ND, z1_ND)
    assert error <= tolerance * scale + smallest_told(found), f"value off by {error:.2e} of {scale:.2e}"


def assert_same_slopes(found: Answer, truth: Answer, tolerance: float) -> None:
    """The slopes by learned parameters differ by at most `tolerance` of their size, or of the value's."""
    error = (found.slopes_L.double() - truth.slopes_L).norm().item()
    scale = max(truth.slopes_L.norm().item(), abs(truth.value.item()))
    assert error <= tolerance * scale + smallest_told(found), f"slopes off by {error:.2e} of {scale:.2e}"


def assert_same_answer(found: Answer, truth: Answer, z0_ND: Tensor, z1_ND: Tensor, tolerance: float) -> None:
    """Value, gradient and slopes agree."""
    assert_same_value(found, truth, z0_ND, z1_ND, tolerance)
    assert_same_gradient(found, truth, tolerance)
    assert_same_slopes(found, truth, tolerance)
