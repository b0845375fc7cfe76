"""What computes: a kind of device comes in; whether it has bf16 instructions, its threads and cores come out.

torch answers the first question for a CPU in private functions, which are named here and nowhere else.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
ARM_FEATURES = Path("/proc/cpuinfo")
BF16_CHECKS = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
"""Functions of `torch.cpu` that say whether the CPU multiplies bfloat16. If not, oneDNN converts, which is slow."""


@dataclass(frozen=True)
class Processor:
    """What decides how a run is best computed."""

    device: str
    """cpu or cuda."""
    name: str
    """What identifies it: the instruction set of a CPU, the model of a GPU."""
    bf16: bool
    """Whether it has instructions for bfloat16."""
    threads: int
    """The threads that torch would use."""
    cores: int
    """The CPU cores that this process may keep busy."""


def look_at(device: str) -> Processor:
    """The processor behind a kind of device, `cpu` or `cuda`."""
    cpu = (torch.get_num_threads(), usable_cores())
    if device == "cuda":
        return Processor(device, torch.cuda.get_device_name(), torch.cuda.is_bf16_supported(False), *cpu)
    return Processor(device, torch.backends.cpu.get_cpu_capability(), _cpu_has_bf16(), *cpu)


def usable_cores() -> int:
    """The cores that CPU affinity and the quota of a container leave to this process; at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _quota(CGROUP_QUOTA) or cores)


def usable_memory() -> int:
    """Bytes of memory that the machine has, or that a container leaves to this process."""
    try:
        limit = int(CGROUP_MEMORY.read_text(encoding="ascii"))
    except (OSError, ValueError):
        limit = None
    if not hasattr(os, "sysconf"):
        return limit or 8 * 10**9
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return physical if limit is None else min(limit, physical)


def _quota(file: Path) -> int | None:
    """Whole cores, at least one, from a cgroup's `cpu.max`, such as `150000 100000`; None if there is no limit."""
    try:
        allowed, period = file.read_text(encoding="ascii").split()
        return max(1, int(allowed) // int(period))
    except (OSError, ValueError):
        return None


def _cpu_has_bf16() -> bool:
    return any(getattr(torch.cpu, check)() for check in BF16_CHECKS) or _arm_has_bf16(ARM_FEATURES)


def _arm_has_bf16(file: Path) -> bool:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any("bf16" in line.partition(":")[2].split() for line in lines if line.startswith("Features"))
