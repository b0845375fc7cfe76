"""How exact float32 products are while a loss is computed.

Torch has one setting per kind of device for all threads of a process. A temperature of 0.05 would suffer from the ten
bits of a TensorFloat-32 that someone has allowed for convolutions. So the setting is made here, and only here, while a
loss is computed, and restored afterwards. Comes in: a device and the requested precision.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from alphadsl.backend.execution import Products
from alphadsl.report.exceptions import InputError

FULL = ("ieee", "none")


class _Setting:
    """Torch's setting for the float32 products of some devices. Losses that want the same value share it; one that
    wants another waits. The first one records the value before, the last one restores it, unless it was changed in
    between."""

    def __init__(self, owner: Any, inherited_from: Any, fast: str) -> None:
        self._owner, self._inherited_from, self._fast = owner, inherited_from, fast
        self.forget()

    def forget(self) -> None:
        """Reset to unused: a forked process has none of the threads that used the setting."""
        self._changed = threading.Condition()
        self._users = 0
        self._wanted: Products = "exact"
        self._before = self._during = ""

    @contextmanager
    def held(self, wanted: Products) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._users or self._wanted == wanted)
            if not self._users:
                self._take(wanted)
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                if not self._users:
                    self._give_back()
                    self._changed.notify_all()

    def _take(self, wanted: Products) -> None:
        self._wanted, self._before = wanted, self._owner.fp32_precision
        self._during = self._fast if wanted == "fast" else self._before if self._before in FULL else "ieee"
        if self._during != self._before:
            self._owner.fp32_precision = self._during

    def _give_back(self) -> None:
        if self._during == self._before or self._owner.fp32_precision != self._during:
            return
        inherits = self._before == self._inherited_from.fp32_precision
        self._owner.fp32_precision = "none" if inherits else self._before


# Set to "bf16", oneDNN computes float32 products itself, which torch otherwise leaves to another library on the CPU; in
# bfloat16 if the processor has it.
_ONEDNN = _Setting(torch.backends.mkldnn.matmul, torch.backends.mkldnn, "bf16")  # type: ignore[attr-defined]
_SETTINGS = {"cpu": _ONEDNN, "xpu": _ONEDNN, "cuda": _Setting(torch.backends.cuda.matmul, torch.backends, "tf32")}


@contextmanager
def products(device: torch.device, wanted: Products) -> Iterator[None]:
    """Give float32 products on the device the wanted precision inside the block. Raises `InputError` if the device has
    none faster than the exact ones."""
    setting = _SETTINGS.get(device.type)
    if wanted == "fast" and not _has_fast(device):
        raise InputError(f'products="fast": torch has no faster product on {device.type} here', 'products="exact"')
    if setting is None:
        yield
        return
    with setting.held(wanted):
        yield


def _has_fast(device: torch.device) -> bool:
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return device.type in _SETTINGS and (device.type != "cpu" or available)


def _left_behind() -> None:
    for setting in _SETTINGS.values():
        setting.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_left_behind)
