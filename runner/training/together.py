"""Processes that train one run: a result or an error of one of them comes in; all of them know it afterwards.

Rank 0 writes, probes and prints. Where processes only exchange numbers, an error in one would leave the others waiting,
so any work that can be refused goes through `led` or `together`. Any other failure ends its process at once, with a
line that names it, and the launcher of the processes then ends the others.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed

from alphadsl.report.exceptions import InputError
from runner.settings.machine import resolve_device
from runner.settings.processes import leads, local_rank, local_world_size, rank, world_size
from runner.training.finite import DivergedError

Result = TypeVar("Result")

PATIENCE = timedelta(days=1)
"""How long a process waits for another, since rank 0 may be probing. A process that has died is noticed at once."""
GRACE_SECONDS = 5.0
"""Seconds that a process which has lost another waits to be ended, before it reports that itself."""


class SharedRefusal(InputError):
    """An error that all processes know about; rank 0 reports it."""


@contextmanager
def joined(device: str) -> Iterator[None]:
    """Let the processes that torchrun has started exchange results inside the block. A single process just runs it."""
    if world_size() == 1:
        yield
        return
    _join(device)
    try:
        yield
    except SharedRefusal:
        torch.distributed.destroy_process_group()
        raise
    except Exception as fault:
        _leave(fault)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def led(work: Callable[[], Result]) -> Result:
    """The result of this work on rank 0, or its error, in all processes."""
    if world_size() == 1:
        return work()
    said: list[tuple[Result | None, tuple[str, str] | None]] = [(None, None)]
    if leads():
        try:
            said = [(work(), None)]
        except InputError as refusal:
            said = [(None, (refusal.message, refusal.help))]
    torch.distributed.broadcast_object_list(said)
    result, refused = said[0]
    if refused is not None:
        raise SharedRefusal(*refused)
    return result  # type: ignore[return-value]


def together(work: Callable[[], Result]) -> Result:
    """The result of this work in each process; if it is refused in one, it is refused in all."""
    if world_size() == 1:
        return work()
    refused: tuple[str, str] | None = None
    try:
        result = work()
    except InputError as refusal:
        refused = refusal.message, refusal.help
    said: list[tuple[str, str] | None] = [None] * world_size()
    torch.distributed.all_gather_object(said, refused)
    for speaker, refused in enumerate(said):
        if refused is not None:
            message, remedy = refused
            raise SharedRefusal(message if speaker == 0 else f"Process {speaker}: {message}", remedy)
    return result


def in_turns(work: Callable[[], Result]) -> Result:
    """Like `together`, but the first process of each machine works before the others, which can reuse what it made."""
    first = local_rank() == 0
    before = together(work if first else lambda: None)
    after = together(work if not first else lambda: None)
    return before if first else after  # type: ignore[return-value]


def check_alike(what: str, mine: object) -> None:
    """Raises `InputError` in all processes, with the first that differs, unless they all have the same value."""
    if world_size() == 1:
        return
    said: list[object] = [None] * world_size()
    torch.distributed.all_gather_object(said, mine)
    for other, its in enumerate(said):
        if its != said[0]:
            raise SharedRefusal(f"Process {other} has different {what} from process 0: {its}, not {said[0]}.", "")


def is_known_to_all(refusal: InputError) -> bool:
    """Whether every process has this error, so that all can continue with the next run."""
    return world_size() == 1 or isinstance(refusal, SharedRefusal | DivergedError)


def _join(device: str) -> None:
    on_gpu = resolve_device(device) == "cuda" and torch.cuda.is_available()
    if on_gpu and local_world_size() > torch.cuda.device_count():
        raise InputError(
            f"{local_world_size()} processes were started on a machine with {torch.cuda.device_count()} GPUs.",
            f"Start {torch.cuda.device_count()} with --nproc-per-node, or give --device cpu.",
        )
    if on_gpu:
        torch.cuda.set_device(local_rank())
    torch.distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)


def _leave(fault: Exception) -> None:
    """End this process at once: tearing down what other processes are still waiting in could block as well."""
    match fault:
        case InputError():
            message = f"error: process {rank()}: {fault.message}\n" + (f"help: {fault.help}\n" if fault.help else "")
        case _ if _is_lost_contact(fault):
            time.sleep(GRACE_SECONDS)
            message = "error: process 0: another process has ended unexpectedly\n" if leads() else ""
        case _:
            message = "".join(traceback.format_exception(fault))
    sys.stdout.flush()
    os.write(2, message.encode(errors="replace"))
    os._exit(1)


def _is_lost_contact(fault: Exception) -> bool:
    """Whether contact with a process was lost; gloo raises a `RuntimeError`, NCCL an exception type of its own."""
    broken = isinstance(fault, torch.distributed.DistError)
    return broken or (isinstance(fault, RuntimeError) and ("gloo" in str(fault) or "Connection" in str(fault)))
