"""Processes that share a batch: who holds which samples, and how what each has found comes together.

What is exchanged is O(A D): the embeddings once, as they came, then a few numbers per anchor. Legend: V 2 views, N
samples of the whole batch, n samples of this process, D embedding width.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.distributed
from torch import Tensor

from alphadsl.backend.streaming.geometry import Span

# What the trainer will do with the gradients of all processes (DDP averages them), or that each has a batch of its own.
Together = Literal["average", "sum", "alone"]
TOGETHER: tuple[Together, ...] = ("average", "sum", "alone")


@dataclass(frozen=True)
class Ranks:
    """The samples of each process in turn, and which of them is this one."""

    sizes: tuple[int, ...]
    rank: int

    @property
    def samples(self) -> int:
        return sum(self.sizes)

    @property
    def mine(self) -> Span:
        start = sum(self.sizes[: self.rank])
        return start, start + self.sizes[self.rank]

    def whole(self, part_nX: Tensor) -> Tensor:
        """The rows of all processes, in their order; padded under way where they hold different numbers of samples."""
        if len(self.sizes) == 1:
            return part_nX
        most = max(self.sizes)
        padded_mX = torch.cat([part_nX, part_nX.new_zeros(most - len(part_nX), *part_nX.shape[1:])]).contiguous()
        gathered = [torch.empty_like(padded_mX) for _ in self.sizes]
        torch.distributed.all_gather(gathered, padded_mX)
        return torch.cat([each[:size] for each, size in zip(gathered, self.sizes, strict=True)])

    def whole_views(self, part_VnX: Tensor) -> Tensor:
        """The same for both views of samples."""
        return self.whole(part_VnX.transpose(0, 1)).transpose(0, 1).contiguous()

    def summed(self, part: Tensor) -> Tensor:
        """The sum over processes; `part` is used up."""
        if len(self.sizes) > 1:
            torch.distributed.all_reduce(part)
        return part


def alone(samples: int) -> Ranks:
    return Ranks((samples,), 0)


DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
DECLINED = -1


class Disagreement(Exception):
    """What the processes that share a batch hold is no batch; raised by all of them, so that none waits for others."""

    remedy = ""


def meet(z_VnD: Tensor) -> Ranks:
    """All processes of the default group; each says how many samples it holds, and of what kind. Raises `Disagreement`
    in each of them if one has declined, or if embeddings differ in width or dtype."""
    _, samples, width = z_VnD.shape
    found = _told((samples, width, DTYPES.index(z_VnD.dtype)), z_VnD.device)
    declined = [rank for rank, (held, _, _) in enumerate(found) if held == DECLINED]
    if declined:
        raise Disagreement(f"process {declined[0]} refused its part of the batch, and says why")
    kinds = [(width, DTYPES[dtype]) for _, width, dtype in found]
    for rank, kind in enumerate(kinds):
        if kind != kinds[0]:
            described = " and ".join(f"(n, {width}) {dtype}" for width, dtype in (kinds[0], kind))
            raise Disagreement(f"embeddings of a shared batch must be of one kind, not {described} (process {rank})")
    return Ranks(tuple(held for held, _, _ in found), torch.distributed.get_rank())


def decline(z_nD: object) -> None:
    """Tell the others, who wait in `meet`, that this process has no part for the batch."""
    accelerated = "nccl" in torch.distributed.get_backend()
    device = z_nD.device if isinstance(z_nD, Tensor) else torch.device("cpu")
    if accelerated and device.type == "cpu":
        device = torch.device("cuda", torch.cuda.current_device())
    _told((DECLINED, 0, 0), torch.device("cpu") if device.type == "meta" else device)


def _told(own: tuple[int, int, int], device: torch.device) -> list[list[int]]:
    """What each process says, by rank."""
    table = torch.zeros(torch.distributed.get_world_size(), len(own), dtype=torch.int64, device=device)
    table[torch.distributed.get_rank()] = torch.tensor(own, device=device)
    torch.distributed.all_reduce(table)
    found: list[list[int]] = table.tolist()
    return found


def is_shared() -> bool:
    """Whether several processes are at work."""
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return ready and torch.distributed.get_world_size() > 1
