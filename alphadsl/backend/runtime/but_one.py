"""Reductions over all candidates of an anchor except one, for each one in turn, at the cost of a few reductions.

Subtracting one candidate from the whole loses every digit if that candidate is nearly the whole. So the largest is
treated separately: without it, the rest is reduced anew; without any other, the largest is still included, and nothing
cancels. Masked entries are neutral elements. Legend: A anchors, C candidates.
"""

import torch
from torch import Tensor


def sum_but_one(body_AC: Tensor) -> Tensor:
    """For each candidate, the sum over all others."""
    largest_A1, rest_AC, is_largest_AC = _apart(body_AC, body_AC.abs(), 0.0)
    others_A1 = rest_AC.sum(-1, keepdim=True)
    return torch.where(is_largest_AC, others_A1, largest_A1 + (others_A1 - body_AC))


def logsumexp_but_one(body_AC: Tensor) -> Tensor:
    """For each candidate, the log-sum-exp over all others; -inf if there are none."""
    largest_A1, rest_AC, is_largest_AC = _apart(body_AC, body_AC, -torch.inf)
    base_A1 = torch.where(largest_A1 == -torch.inf, 0.0, largest_A1)
    second_A1 = rest_AC.amax(-1, keepdim=True)
    shift_A1 = torch.where(second_A1 == -torch.inf, 0.0, second_A1)
    sum_A1 = torch.exp(rest_AC - shift_A1).sum(-1, keepdim=True)
    scale_A1 = torch.exp(shift_A1 - base_A1)
    beside_AC = (sum_A1 * scale_A1 - torch.exp(body_AC - base_A1)).clamp_min(0)
    return torch.where(is_largest_AC, torch.log(sum_A1) + shift_A1, largest_A1 + torch.log1p(beside_AC))


def amax_but_one(body_AC: Tensor) -> Tensor:
    """For each candidate, the largest of all others."""
    largest_A1, rest_AC, is_largest_AC = _apart(body_AC, body_AC, -torch.inf)
    return torch.where(is_largest_AC, rest_AC.amax(-1, keepdim=True), largest_A1)


def amin_but_one(body_AC: Tensor) -> Tensor:
    """For each candidate, the smallest of all others."""
    return -amax_but_one(-body_AC)


def _apart(body_AC: Tensor, size_AC: Tensor, neutral: float) -> tuple[Tensor, Tensor, Tensor]:
    """The largest of each row (A, 1), the row without it, and a mask of its position: only one, even if several tie."""
    largest_A1 = size_AC.argmax(-1, keepdim=True)
    is_largest_AC = torch.arange(body_AC.shape[-1], device=body_AC.device) == largest_A1
    return body_AC.gather(-1, largest_A1), torch.where(is_largest_AC, neutral, body_AC), is_largest_AC
