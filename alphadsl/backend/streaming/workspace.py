"""Memory and products of the streaming backends.

Fresh memory costs a page fault every 4 KB, more than a tile's arithmetic, so on the CPU tiles live in one buffer per
thread that outlasts a step. The float32 product of oneDNN can be twice as fast as torch's default; it is used where a
probe finds it faster and as precise (on CPUs with AMX the same setting really computes in bfloat16).
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor

SIDE = 512
REPEATS = 5
FULL_PRECISION = 1e-6
WORTHWHILE = 1.05

_kept = threading.local()


def workspace(numbers: int, like: Tensor) -> Tensor:
    """At least so many numbers of a dtype, uninitialised; what an earlier call of this thread gave is given again."""
    if like.device.type != "cpu":
        return like.new_empty(numbers)
    buffers: dict[torch.dtype, Tensor] = vars(_kept).setdefault("buffers", {})
    if like.dtype not in buffers or buffers[like.dtype].numel() < numbers:
        buffers[like.dtype] = torch.empty(numbers, dtype=like.dtype)
    return buffers[like.dtype]


@contextmanager
def fastest_products(device: torch.device) -> Iterator[None]:
    """Float32 products by oneDNN for a while, where that is worth it; the setting found is put back."""
    setting = torch.backends.mkldnn.matmul
    if device.type != "cpu" or not _onednn_is_better(torch.get_num_threads()):
        yield
        return
    found = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = found


@cache
def _onednn_is_better(threads: int) -> bool:
    """Probed once a process: seconds of both products, and the error of the candidate against float64."""
    if not torch.backends.mkldnn.is_available():
        return False
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(SIDE, 128, generator=generator) for _ in range(2))
    exact = a.double() @ b.double().mT
    setting = torch.backends.mkldnn.matmul
    found = setting.fp32_precision
    try:
        default = _seconds(lambda: a @ b.mT)
        setting.fp32_precision = "bf16"
        candidate = _seconds(lambda: a @ b.mT)
        error = float(((a @ b.mT).double() - exact).norm() / exact.norm())
    finally:
        setting.fp32_precision = found
    return error < FULL_PRECISION and candidate * WORTHWHILE < default


def _seconds(run: Callable[[], object]) -> float:
    """The fastest of a few: what disturbs a run only ever slows it."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times[1:])
