"""Memory and products of the streaming backends.

Fresh memory costs a page fault every 4 KB, more than a tile's arithmetic, so on the CPU tiles live in one buffer per
thread that outlasts a step. The float32 product of oneDNN can be twice as fast as torch's default; it is used where a
probe found it faster and as precise (on CPUs with AMX the same setting really computes in bfloat16).
"""

import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

import torch
import torch.fx.experimental._config
from torch import Tensor

from alphadsl.folders import kept_file

PROBED = 512
REPEATS = 20
FULL_PRECISION = 1e-6
WORTHWHILE = 1.05

_kept = threading.local()


@dataclass
class _Users:
    """Of a setting that all threads share: the first one notes what it was, the last one puts it back."""

    lock: threading.Lock
    count: int = 0
    found: str = ""


_users = _Users(threading.Lock())


class Workspace:
    """Tiles of one dtype and device, each a tensor of its own: a view would be compiled for once more."""

    def __init__(self, like: Tensor) -> None:
        self._like = like[:0]
        outlasting: dict[torch.dtype, list[Tensor]] = vars(_kept).setdefault("buffers", {})
        # What torch.func or a fake mode wraps has no storage of its own, and must not be left to the next step.
        self._plain = type(like) is Tensor and not torch._C._functorch.is_functorch_wrapped_tensor(like)
        self._buffers = outlasting.setdefault(like.dtype, []) if self._plain and like.device.type == "cpu" else []

    def tile(self, place: int, height: int, width: int) -> Tensor:
        """An uninitialised tile (height, width) in a numbered place; what was in that place is lost."""
        if not self._plain:
            return self._like.new_empty((height, width))
        numbers = height * width
        while len(self._buffers) <= place:
            self._buffers.append(self._like.new_empty(0))
        if self._buffers[place].numel() < numbers:
            self._buffers[place] = self._like.new_empty(numbers)
        tile: Tensor = self._like.new_empty(0)
        return tile.set_(self._buffers[place].untyped_storage(), 0, (height, width), (width, 1))


@contextmanager
def fastest_products(device: torch.device) -> Iterator[None]:
    """Float32 products by oneDNN for a while, where that is worth it; the setting found is put back."""
    setting = _float32_products()
    if device.type != "cpu" or torch.compiler.is_compiling() or not _onednn_is_better(torch.get_num_threads()):
        yield
        return
    with _users.lock:
        _users.found = setting.fp32_precision if _users.count == 0 else _users.found
        _users.count += 1
        setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        with _users.lock:
            _users.count -= 1
            setting.fp32_precision = "bf16" if _users.count else _users.found


@contextmanager
def any_tile() -> Iterator[None]:
    """Sizes that happen to be equal in the first tile need not be in the next, and are not compiled to be."""
    config: Any = torch.fx.experimental._config
    with config.patch(use_duck_shape=False):
        yield


@cache
def _onednn_is_better(threads: int) -> bool:
    """Asked once for a machine, a torch and a number of threads: from run to run sums are the same to the last bit.
    Where the answer cannot be kept, products stay as torch has them."""
    available: Callable[[], bool] = torch.backends.mkldnn.is_available
    asked = f"{torch.__version__} {platform.node()} {platform.processor()} {torch.backends.cpu.get_cpu_capability()}"
    kept = kept_file(f"products-{blake2b(asked.encode(), digest_size=6).hexdigest()}-{threads}")
    if kept is None or not available():
        return False
    try:
        if not kept.exists():
            kept.write_text(str(_probe()), encoding="utf-8")
        return kept.read_text(encoding="utf-8") == str(True)
    except OSError:
        return False


def _probe() -> bool:
    """Whether the candidate is faster, and as near to float64 as float32 can be."""
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(PROBED, 128, generator=generator) for _ in range(2))
    exact = a.double() @ b.double().mT
    setting = _float32_products()
    found = setting.fp32_precision
    try:
        default = _seconds(lambda: a @ b.mT)
        setting.fp32_precision = "bf16"
        candidate = _seconds(lambda: a @ b.mT)
        error = float(((a @ b.mT).double() - exact).norm() / exact.norm())
    finally:
        setting.fp32_precision = found
    return error < FULL_PRECISION and candidate * WORTHWHILE < default


def _float32_products() -> Any:
    """Where torch keeps the setting for them."""
    return torch.backends.mkldnn.matmul  # type: ignore[attr-defined]


def _seconds(run: Callable[[], object]) -> float:
    """The fastest of a few: what disturbs a run only ever slows it."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times[1:])
