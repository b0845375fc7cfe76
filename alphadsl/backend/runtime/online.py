"""Statistics of a row carried from tile to tile: where each starts, how a tile joins it, and what it settles to.

A maximum and a log-sum-exp start at the lowest finite number, so that a tile without negatives changes nothing and no
difference of infinities is formed. Legend: A anchors, C candidates of a tile.
"""

import torch
from torch import Tensor

from alphadsl.ir.kinds import Over


def join_logsumexp(largest_A1: Tensor, total_A1: Tensor, body_AC: Tensor) -> tuple[Tensor, Tensor]:
    """The largest term so far, and the sum of all terms relative to it; what is masked out is -inf. A term that has
    overflowed makes the sum infinite, and no difference of infinities.

    Powers of two take a third of the time of powers of e.
    """
    log2_e = 1.4426950408889634  # here, as a graph for any sizes takes a number of the module for an input
    highest = torch.finfo(body_AC.dtype).max
    newer_A1 = torch.maximum(largest_A1, body_AC.amax(-1, keepdim=True)).clamp_max(highest)
    kept_A1 = total_A1 * torch.exp(largest_A1 - newer_A1)
    return newer_A1, kept_A1 + torch.exp2((body_AC - newer_A1) * log2_e).sum(-1, keepdim=True)


def move_logsumexp(largest_A1: Tensor, total_A1: Tensor, by_A1: Tensor) -> tuple[Tensor, Tensor]:
    """The same of terms that all grew by one amount; what has no term yet stays where it starts."""
    return torch.where(total_A1 > 0, largest_A1 + by_A1, largest_A1), total_A1


def settle(over: Over, carried: tuple[Tensor, ...]) -> Tensor:
    """What a reduction is once all tiles have joined."""
    match over:
        case Over.LOGSUMEXP:
            largest_A1, total_A1 = carried
            return largest_A1 + torch.log(total_A1)
        case _:
            return carried[0]


def start(over: Over, like_A1: Tensor) -> tuple[Tensor, ...]:
    """What is carried before the first tile of a reduction, for all anchors."""
    lowest = torch.finfo(like_A1.dtype).min
    match over:
        case Over.LOGSUMEXP:
            return torch.full_like(like_A1, lowest), torch.zeros_like(like_A1)
        case Over.MAX:
            return (torch.full_like(like_A1, lowest),)
        case Over.MIN:
            return (torch.full_like(like_A1, -lowest),)
        case _:
            return (torch.zeros_like(like_A1),)
