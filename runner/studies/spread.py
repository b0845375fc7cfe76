"""Points that are evenly spread in a cube, for any number of points: a seed, the dimension and an index come in.

An additive recurrence with a random start (M. Roberts, The unreasonable effectiveness of quasirandom sequences, 2018).
Each step adds powers of the root of x^(d + 1) = x + 1, of which no multiple is near a whole number. Six points drawn at
random leave a third of a range empty about half of the time; these do not.
"""

import numpy as np


def spread_point(seed: int, dimensions: int, number: int) -> list[float]:
    """Point `number` (from 0) of a sequence in [0, 1)^dimensions."""
    root = 2.0
    for _ in range(50):
        root = (1 + root) ** (1 / (dimensions + 1))
    start = np.random.default_rng(seed).random(dimensions)
    strides = root ** -np.arange(1.0, dimensions + 1)
    return [float(part) for part in (start + number * strides) % 1]
