"""The statistics of a row while tiles are processed: their initial values, how a tile is added, and the final value.

A maximum and a log-sum-exp start at the lowest finite number, so that a tile without negatives changes nothing and no
difference of infinities is formed. Legend: A anchors, C candidates of a tile.
"""

import torch
from torch import Tensor

from alphadsl.ir.kinds import Over


def join_logsumexp(largest_A1: Tensor, total_A1: Tensor, body_AC: Tensor) -> tuple[Tensor, Tensor]:
    """The largest term so far, and the sum of all terms relative to it; masked terms are -inf. A term that has
    overflowed makes the sum infinite, but no difference of infinities is formed.

    Powers of 2 take a third of the time of powers of e.
    """
    log2_e = 1.4426950408889634  # here, since a graph for any sizes would take a global number as an input
    highest = torch.finfo(body_AC.dtype).max
    newer_A1 = torch.maximum(largest_A1, body_AC.amax(-1, keepdim=True)).clamp_max(highest)
    kept_A1 = total_A1 * torch.exp(largest_A1 - newer_A1)
    return newer_A1, kept_A1 + torch.exp2((body_AC - newer_A1) * log2_e).sum(-1, keepdim=True)


def move_logsumexp(largest_A1: Tensor, total_A1: Tensor, by_A1: Tensor) -> tuple[Tensor, Tensor]:
    """The same state after all terms grew by the same amount; a state without terms stays at its initial value."""
    return torch.where(total_A1 > 0, largest_A1 + by_A1, largest_A1), total_A1


def settle(over: Over, carried: tuple[Tensor, ...]) -> Tensor:
    """The final value of a reduction, once all tiles are included."""
    match over:
        case Over.LOGSUMEXP:
            largest_A1, total_A1 = carried
            return largest_A1 + torch.log(total_A1)
        case _:
            return carried[0]


def start(over: Over, like_A1: Tensor) -> tuple[Tensor, ...]:
    """The initial state of a reduction, for all anchors."""
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
