"""How many pairs are done at a time: what is enough on a CPU, and a device, come in; what is enough there comes out.

On a CPU that is what its caches hold. On a GPU a tile of 512 x 512 is done sooner than the host has called for the
next: an H200 took 0.41 ms a tile whatever the batch, 31 times as long in all as a dense step of 16,384 anchors
(benchmarks/RESULTS.md). A tile of 4,096 x 4,096 has 64 times the work for the same calls, and 67 MB in float32.
"""

import torch

ON_GPU = 8
"""How many times as long the side of a tile is on a GPU."""


def side_on(device: torch.device, side: int) -> int:
    return side if device.type == "cpu" else side * ON_GPU


def rows_on(device: torch.device, pairs: int, candidates: int) -> int:
    """Rows of a strip, each against so many candidates; one at least."""
    return max(1, (pairs if device.type == "cpu" else pairs * ON_GPU**2) // candidates)
