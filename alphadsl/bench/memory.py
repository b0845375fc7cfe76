"""The peak memory of a step, in addition to what the process holds without it.

On the CPU it is the high-water mark of resident memory (VmHWM), which Linux allows a process to reset. The step runs
once before, so that what it compiles and imports is not counted. Freed memory is then returned to the system, so that
the second run must allocate all of it again. Tensors that the first run left behind (buffers kept for the next step)
are added. On CUDA it is the allocator's peak. Should run in a process of its own.
"""

import ctypes
import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from alphadsl.bench.task import Device
from alphadsl.bench.timing import Step

STATUS, RESET, MEMINFO = Path("/proc/self/status"), Path("/proc/self/clear_refs"), Path("/proc/meminfo")
RESET_PEAK = "5"
USABLE = 0.9


def peak_bytes(step: Step, device: Device) -> int | None:
    """The peak memory of a step in bytes; None if the system does not provide it."""
    before = held_bytes(device)
    step()
    kept = max(held_bytes(device) - before, 0)
    if device == Device.cuda:
        return kept + _cuda_peak(step)
    if not RESET.exists():
        return None
    return kept + _resident_peak(step)


def _resident_peak(step: Step) -> int:
    gc.collect()
    with_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if with_trim is not None:
        with_trim(0)
    RESET.write_text(RESET_PEAK, encoding="utf-8")
    level = _kilobytes(STATUS, "VmRSS")
    step()
    return (_kilobytes(STATUS, "VmHWM") - level) * 1024


def _cuda_peak(step: Step) -> int:
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    level = torch.cuda.memory_allocated()
    step()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - level


def held_bytes(device: Device) -> int:
    """The bytes of all tensors that Python can reach, with each storage counted once."""
    gc.collect()
    kinds = (torch.Tensor, torch.nn.Parameter)
    tensors = (thing for thing in gc.get_objects() if type(thing) in kinds)
    storages = (storage_of(tensor) for tensor in tensors if tensor.device.type == device.value)
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages if storage is not None}.values())


def storage_of(tensor: torch.Tensor) -> torch.UntypedStorage | None:
    """The storage of a tensor; None for a wrapper without one, such as those of `torch.func`."""
    try:
        return tensor.untyped_storage()
    except NotImplementedError:
        return None


@contextmanager
def within_memory(device: Device) -> Iterator[None]:
    """Inside the block, an allocation beyond the machine's memory fails, instead of the process being killed."""
    if device == Device.cuda or not (MEMINFO.exists() and STATUS.exists()):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = 1024 * int(_kilobytes(STATUS, "VmData") + USABLE * _kilobytes(MEMINFO, "MemAvailable"))
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def available_bytes() -> int | None:
    return 1024 * _kilobytes(MEMINFO, "MemAvailable") if MEMINFO.exists() else None


def _kilobytes(path: Path, name: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
