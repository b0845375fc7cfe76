"""How many pairs are processed at a time: a number that suits a CPU and a device come in; the number for that device
comes out.

On a CPU the limit is what its caches hold. A GPU finishes a tile of 512 x 512 before the host has launched the next: an
H200 took 0.41 ms per tile for any batch, in all 31 times as long as a dense step of 16,384 anchors
(benchmarks/RESULTS.md). A tile of 4,096 x 4,096 has 64 times the work for the same number of calls, and takes 67 MB in
float32.
"""

import torch

ON_GPU = 8
"""How many times longer the side of a tile is on a GPU."""


def side_on(device: torch.device, side: int) -> int:
    return side if device.type == "cpu" else side * ON_GPU


def rows_on(device: torch.device, pairs: int, candidates: int) -> int:
    """The number of rows of a row block, each against this many candidates; at least one."""
    return max(1, (pairs if device.type == "cpu" else pairs * ON_GPU**2) // candidates)
