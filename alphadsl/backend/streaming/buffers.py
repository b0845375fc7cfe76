"""Memory of the streaming backends.

Fresh memory costs a page fault every 4 KB, which takes longer than a tile's arithmetic. So on the CPU, tiles use one
buffer per thread that is kept between steps.
"""

import threading

import torch
from torch import Tensor

from alphadsl.backend.torch_internals import is_wrapped

_kept = threading.local()


class Buffers:
    """Tiles of one dtype and device, each a tensor of its own, since a view would be compiled for again."""

    def __init__(self, like: Tensor) -> None:
        self._like = like[:0]
        outlasting: dict[torch.dtype, list[Tensor]] = vars(_kept).setdefault("buffers", {})
        # A tensor wrapped by torch.func or a fake mode has no storage, and must not be kept for the next step.
        self._plain = type(like) is Tensor and not is_wrapped(like)
        self._buffers = outlasting.setdefault(like.dtype, []) if self._plain and like.device.type == "cpu" else []

    def tile(self, index: int, height: int, width: int) -> Tensor:
        """An uninitialised tile (height, width) in the buffer numbered `index`; it overwrites what was there."""
        if not self._plain:
            return self._like.new_empty((height, width))
        numbers = height * width
        while len(self._buffers) <= index:
            self._buffers.append(self._like.new_empty(0))
        if self._buffers[index].numel() < numbers:
            self._buffers[index] = self._like.new_empty(numbers)
        tile: Tensor = self._like.new_empty(0)
        return tile.set_(self._buffers[index].untyped_storage(), 0, (height, width), (width, 1))
