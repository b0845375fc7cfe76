"""The machine: the number of threads and how to allocate memory come in; its description, with what is installed, comes
out.
"""

import ctypes
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch

from runner.settings.config import AUTO, Auto

VERSIONS_OF = ("torch", "torchvision", "lightning", "numpy", "alphadsl")
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT = 2**31 - 1
GROWTH = 256 * 2**20


def keep_freed_memory() -> None:
    """Tell the C allocator of this process, if it is glibc's, to keep the memory that is freed.

    Every training step frees and allocates the same large tensors. glibc returns them to the kernel each time, which
    then has to supply zeroed pages again. Keeping them makes a step of ResNet-8 on two cores about a third faster.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, KEPT)
    libc.mallopt(M_TOP_PAD, GROWTH)


def resolve_device(asked: str) -> str:
    """The kind of device that `auto` means here; any other is returned as it is."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if asked == "auto" else asked


@contextmanager
def limit_threads(count: int | Auto) -> Iterator[None]:
    """At most `count` threads for torch's operations inside the block; `auto` changes nothing.

    Where operations are small, threads that wait for each other at every one cost more than they gain, and several
    times more where the cores are shared.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(before if count == AUTO else min(before, count))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def describe_machine() -> dict[str, Any]:
    """The machine and the versions that a run uses, as they go into its record."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS_OF},
    }
