"""Several processes that share a batch, and what each of them found; started for a test, joined by gloo on the CPU.

Comes in: a function and how many processes call it, each with its rank. Goes out: what each call returned, by rank.

A process leaves without tearing down its interpreter, as forked ones do: a thread of gloo that then lets go of a tensor
would abort (pytorch/pytorch#179291).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from torch.multiprocessing import start_processes

from tests.processes import METHOD


def in_processes(world: int, folder: Path, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """They meet in a file of the folder: a port that was free may be taken by the time it is asked for."""
    start_processes(_one, (world, str(folder), work, arguments), nprocs=world, start_method=METHOD)
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(world)]


def _one(rank: int, world: int, folder: str, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    store = torch.distributed.FileStore(str(Path(folder, "meeting")), world)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=world)
    try:
        torch.save(work(rank, world, *arguments), Path(folder) / f"{rank}.pt")
        torch.distributed.barrier()  # none leaves while another still waits for it
    finally:
        torch.distributed.destroy_process_group()
