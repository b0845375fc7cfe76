"""Statistics of a row carried from tile to tile: where each starts, how a tile joins it, and what it settles to.

A maximum and a log-sum-exp start at the lowest finite number, so that a tile without negatives changes nothing and no
difference of infinities is formed. Legend: A anchors, C candidates of a tile.
"""

import torch
from torch import Tensor

from alphadsl.ir.kinds import Over


def join_logsumexp(carried_A2: Tensor, body_AC: Tensor) -> Tensor:
    """The largest term so far, and the sum of all terms relative to it; what is masked out is -inf."""
    largest_A1, total_A1 = carried_A2.split(1, -1)
    newer_A1 = torch.maximum(largest_A1, body_AC.amax(-1, keepdim=True))
    kept_A1 = total_A1 * torch.exp(largest_A1 - newer_A1)
    return torch.cat([newer_A1, kept_A1 + torch.exp(body_AC - newer_A1).sum(-1, keepdim=True)], -1)


def move_logsumexp(carried_A2: Tensor, by_A1: Tensor) -> Tensor:
    """The same of terms that all grew by one amount; what has no term yet stays where it starts."""
    largest_A1, total_A1 = carried_A2.split(1, -1)
    return torch.cat([torch.where(total_A1 > 0, largest_A1 + by_A1, largest_A1), total_A1], -1)


def settle_logsumexp(carried_A2: Tensor) -> Tensor:
    largest_A1, total_A1 = carried_A2.split(1, -1)
    return largest_A1 + torch.log(total_A1)


def start(over: Over, like_A1: Tensor) -> Tensor:
    """What is carried before the first tile of a reduction, for all anchors."""
    lowest = torch.finfo(like_A1.dtype).min
    match over:
        case Over.LOGSUMEXP:
            return torch.cat([torch.full_like(like_A1, lowest), torch.zeros_like(like_A1)], -1)
        case Over.MAX:
            return torch.full_like(like_A1, lowest)
        case Over.MIN:
            return torch.full_like(like_A1, -lowest)
        case _:
            return torch.zeros_like(like_A1)
