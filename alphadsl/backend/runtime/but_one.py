"""Reductions over all candidates of an anchor but one, for each in turn, at the cost of a few reductions.

The whole less one candidate loses every digit where that candidate is nearly all of the whole. So the largest is kept
apart: without it, what is left is a reduction of its own; without any other, the largest is still there, and nothing
cancels. What is masked out is neutral. Legend: A anchors, C candidates.
"""

import torch
from torch import Tensor


def sum_but_one(body_AC: Tensor) -> Tensor:
    """The sum over all others."""
    largest_A1, rest_AC, is_largest_AC = _apart(body_AC, body_AC.abs(), 0.0)
    others_A1 = rest_AC.sum(-1, keepdim=True)
    return torch.where(is_largest_AC, others_A1, largest_A1 + (others_A1 - body_AC))


def logsumexp_but_one(body_AC: Tensor) -> Tensor:
    """The logarithm of the sum of the exponentials of all others; -inf where there is none."""
    largest_A1, rest_AC, is_largest_AC = _apart(body_AC, body_AC, -torch.inf)
    base_A1 = torch.where(largest_A1 == -torch.inf, 0.0, largest_A1)
    second_A1 = rest_AC.amax(-1, keepdim=True)
    shift_A1 = torch.where(second_A1 == -torch.inf, 0.0, second_A1)
    sum_A1 = torch.exp(rest_AC - shift_A1).sum(-1, keepdim=True)
    scale_A1 = torch.exp(shift_A1 - base_A1)
    beside_AC = (sum_A1 * scale_A1 - torch.exp(body_AC - base_A1)).clamp_min(0)
    return torch.where(is_largest_AC, torch.log(sum_A1) + shift_A1, largest_A1 + torch.log1p(beside_AC))


def amax_but_one(body_AC: Tensor) -> Tensor:
    """The largest of all others."""
    largest_A1, rest_AC, is_largest_AC = _apart(body_AC, body_AC, -torch.inf)
    return torch.where(is_largest_AC, rest_AC.amax(-1, keepdim=True), largest_A1)


def amin_but_one(body_AC: Tensor) -> Tensor:
    """The smallest of all others."""
    return -amax_but_one(-body_AC)


def _apart(body_AC: Tensor, size_AC: Tensor, neutral: float) -> tuple[Tensor, Tensor, Tensor]:
    """The largest of each row (A, 1), the row without it, and where it was: one, also where several are as large."""
    largest_A1 = size_AC.argmax(-1, keepdim=True)
    is_largest_AC = torch.arange(body_AC.shape[-1], device=body_AC.device) == largest_A1
    return body_AC.gather(-1, largest_A1), torch.where(is_largest_AC, neutral, body_AC), is_largest_AC
