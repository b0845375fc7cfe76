"""Processes that share a batch: which process holds which samples, and how their results are combined.

O(A D) numbers are exchanged: the embeddings once, as given, then a few numbers per anchor. The processes tell each
other once how many samples they hold. From then on, the first rows that they exchange say whether that still holds, and
only if it does not do they tell each other again. Legend: V 2 views, N samples of the whole batch, n samples of this
process, D embedding width, R processes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed
from torch import Tensor

from alphadsl.backend.streaming.geometry import Span

Result = TypeVar("Result")
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
DECLINED = -1


class Disagreement(Exception):
    """The parts that the processes hold are not one batch; raised in all of them, so that none waits for others."""

    remedy = ""


class _Changed(Exception):
    """Some process holds other samples than agreed, or has none; raised in all of them."""


@dataclass(frozen=True)
class _Agreement:
    """What each process holds, by rank: a number of samples, and the width and dtype of embeddings."""

    group: Any
    sizes: tuple[int, ...]
    width: int
    dtype: torch.dtype
    device: torch.device

    def holds(self, z_VnD: Tensor) -> bool:
        """Whether this process still holds what was agreed."""
        held = self.sizes[torch.distributed.get_rank()], self.width, self.dtype, self.device
        return held == (z_VnD.shape[1], z_VnD.shape[2], z_VnD.dtype, z_VnD.device)

    def interrupt(self, first: str) -> None:
        """Take part in the first exchange of the others, only to say that something has changed."""
        rows = max(self.sizes) + 1
        shape, dtype = ((rows, 2, self.width), self.dtype) if first == EMBEDDINGS else ((rows,), torch.int64)
        rows_mX = torch.zeros(shape, dtype=dtype, device=self.device)
        rows_mX[-1] = 1
        _gathered(rows_mX)


# The last agreements: of losses whose first exchange is embeddings, and of those that exchange labels before.
_agreed: dict[str, _Agreement] = {}
EMBEDDINGS, LABELS = "embeddings", "labels"


class Ranks:
    """The number of samples of each process, by rank, and the rank of this one."""

    def __init__(self, sizes: tuple[int, ...], rank: int, opens: bool = False) -> None:
        """`opens`: whether the first exchange of rows also says that the last agreement still holds."""
        self.sizes, self.rank = sizes, rank
        self._opens = opens
        self._change: Callable[[], bool] | None = None

    @property
    def samples(self) -> int:
        return sum(self.sizes)

    @property
    def mine(self) -> Span:
        start = sum(self.sizes[: self.rank])
        return start, start + self.sizes[self.rank]

    def whole(self, part_nX: Tensor) -> Tensor:
        """The rows (N, ...) of all processes, by rank; padded for the exchange if they hold different numbers of
        samples."""
        if len(self.sizes) == 1:
            return part_nX
        self.settle()
        rows_mX = _padded(part_nX, max(self.sizes))
        if not self._opens:
            return _parts(_gathered(rows_mX), self.sizes)
        self._opens = False
        gathered = _gathered(torch.cat([rows_mX, torch.zeros_like(rows_mX[:1])]))
        self._change = _read_later(torch.stack([rows_mX[-1].flatten()[0] for rows_mX in gathered]))
        return _parts(gathered, self.sizes)

    def whole_views(self, part_VnX: Tensor) -> Tensor:
        """The same for both views of the samples, (V, N, ...)."""
        return self.whole(part_VnX.transpose(0, 1)).transpose(0, 1).contiguous()

    def summed(self, part: Tensor) -> Tensor:
        """The sum over processes; `part` is overwritten."""
        if len(self.sizes) > 1:
            self.settle()
            torch.distributed.all_reduce(part)
        return part

    def settle(self) -> None:
        """Check, before the next exchange and at the end, that no process reported a change. Raises `_Changed`
        otherwise."""
        change, self._change = self._change, None
        if change is not None and change():
            raise _Changed


def alone(samples: int) -> Ranks:
    return Ranks((samples,), 0)


def exchange(z_VnD: Tensor, work: Callable[[Ranks], Result], first: str = EMBEDDINGS) -> Result:
    """The result of `work` with all processes of the default process group; `work` starts again if one of them turns
    out to hold other samples than before. Raises `Disagreement` in all of them if one has declined its part, or if
    embeddings differ in width or dtype."""
    known = _known(first)
    if known is not None and known.holds(z_VnD):
        ranks = Ranks(known.sizes, torch.distributed.get_rank(), opens=True)
        try:
            result = work(ranks)
            ranks.settle()
        except _Changed:
            pass
        else:
            return result
    elif known is not None:
        known.interrupt(first)
    return work(_agree(z_VnD, first))


def as_agreed(first: str) -> Ranks:
    """The processes as they have already agreed in this step."""
    return Ranks(_agreed[first].sizes, torch.distributed.get_rank())


def decline(z_nD: object, first: str) -> None:
    """Tell the other processes, which wait in `exchange`, that this one has no part of the batch."""
    known = _known(first)
    if known is None:
        _tell((DECLINED, 0, 0), _device_of(z_nD))
        return
    known.interrupt(first)
    _agreed.pop(first)
    _tell((DECLINED, 0, 0), known.device)


def is_shared() -> bool:
    """Whether several processes are at work."""
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return ready and torch.distributed.get_world_size() > 1


def _known(first: str) -> _Agreement | None:
    """The last agreement, if it was made in the current process group."""
    known = _agreed.get(first)
    return known if known is not None and known.group is torch.distributed.group.WORLD else None


def _agree(z_VnD: Tensor, first: str) -> Ranks:
    """Agree with the other processes on how many samples each holds, and of what kind. Raises `Disagreement`."""
    _agreed.pop(first, None)
    _, samples, width = z_VnD.shape
    shares = _tell((samples, width, DTYPES.index(z_VnD.dtype)), z_VnD.device)
    declined = [rank for rank, (held, _, _) in enumerate(shares) if held == DECLINED]
    if declined:
        raise Disagreement(f"process {declined[0]} refused its part of the batch; its own message says why")
    kinds = [(width, DTYPES[dtype]) for _, width, dtype in shares]
    for rank, kind in enumerate(kinds):
        if kind != kinds[0]:
            described = " and ".join(f"(n, {width}) {dtype}" for width, dtype in (kinds[0], kind))
            raise Disagreement(
                f"embeddings of a shared batch must have one width and dtype, not {described} (process {rank})"
            )
    sizes = tuple(held for held, _, _ in shares)
    _agreed[first] = _Agreement(torch.distributed.group.WORLD, sizes, width, z_VnD.dtype, z_VnD.device)
    return Ranks(sizes, torch.distributed.get_rank())


def _tell(own: tuple[int, int, int], device: torch.device) -> list[list[int]]:
    """The numbers that each process tells the others, by rank."""
    table = torch.zeros(torch.distributed.get_world_size(), len(own), dtype=torch.int64, device=device)
    table[torch.distributed.get_rank()] = torch.tensor(own, device=device)
    torch.distributed.all_reduce(table)
    numbers: list[list[int]] = table.tolist()
    return numbers


def _device_of(z_nD: object) -> torch.device:
    """A device on which this process can exchange numbers with the others, whatever arguments it was given."""
    accelerated = "nccl" in torch.distributed.get_backend()
    device = z_nD.device if isinstance(z_nD, Tensor) else torch.device("cpu")
    if accelerated and device.type == "cpu":
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu") if device.type == "meta" else device


def _gathered(rows_mX: Tensor) -> list[Tensor]:
    gathered = [torch.empty_like(rows_mX) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(gathered, rows_mX)
    return gathered


def _padded(part_nX: Tensor, most: int) -> Tensor:
    return torch.cat([part_nX, part_nX.new_zeros(most - len(part_nX), *part_nX.shape[1:])]).contiguous()


def _parts(gathered: list[Tensor], sizes: tuple[int, ...]) -> Tensor:
    return torch.cat([rows_mX[:size] for rows_mX, size in zip(gathered, sizes, strict=True)])


def _read_later(news_R: Tensor) -> Callable[[], bool]:
    """A function that says whether any entry is set. From a GPU the entries are copied asynchronously, and waited for
    when the function is called."""
    if news_R.device.type != "cuda":
        return lambda: bool(news_R.any())
    copied_R = torch.empty_like(news_R, device="cpu", pin_memory=True)
    copied_R.copy_(news_R, non_blocking=True)
    arrived = torch.cuda.current_stream(news_R.device).record_event()

    def read() -> bool:
        arrived.synchronize()
        return bool(copied_R.any())

    return read
