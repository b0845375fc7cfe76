"""The embedding states a loss meets in training: a name, a size and a seed in, two raw views (N, D) in
float64 out.

The rows have lengths other than one, so that a loss that forgets to normalise them is seen. Nothing is
refused.

Shape suffixes: N samples, D embedding width.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

Views = tuple[Tensor, Tensor]


def random(samples: int, width: int, rng: Generator) -> Views:
    """Every embedding drawn on its own: the start of training."""
    return normal(samples, width, rng), normal(samples, width, rng)


def trained(samples: int, width: int, rng: Generator) -> Views:
    """Positives at a cosine of about 0.98, negatives unrelated."""
    base_ND = unit(normal(samples, width, rng))
    return near(base_ND, 0.02, rng), near(base_ND, 0.02, rng)


def collapsed(samples: int, width: int, rng: Generator) -> Views:
    """All embeddings nearly one: every cosine about 0.98."""
    base_ND = unit(normal(1, width, rng)).expand(samples, width)
    return near(base_ND, 0.02, rng), near(base_ND, 0.02, rng)


def bad_positive(samples: int, width: int, rng: Generator) -> Views:
    """Positives nearly antipodal (cosine about -0.98): collapse of the wrong sign, broken augmentation."""
    base_ND = unit(normal(samples, width, rng))
    return near(base_ND, 0.02, rng), near(-base_ND, 0.02, rng)


def duplicates(samples: int, width: int, rng: Generator) -> Views:
    """Two equal samples and equal views: distances of exactly zero to a negative and to a positive."""
    z0_ND, z1_ND = random(samples, width, rng)
    z0_ND[1] = z0_ND[0]
    z1_ND[:2] = z0_ND[0]
    return z0_ND, z1_ND


def identical(samples: int, width: int, rng: Generator) -> Views:
    """One embedding for everything."""
    z_ND = normal(1, width, rng).repeat(samples, 1)
    return z_ND, z_ND.clone()


def antipodal(samples: int, width: int, rng: Generator) -> Views:
    """Two samples opposite to each other, and a positive opposite to its anchor: distances as large as they get."""
    z0_ND, z1_ND = random(samples, width, rng)
    z0_ND[1] = -z0_ND[0]
    z1_ND[2:3] = -z0_ND[2:3]
    return z0_ND, z1_ND


def zeros(samples: int, width: int, rng: Generator) -> Views:
    """A sample without a direction, and a view of another: dead units, padding."""
    z0_ND, z1_ND = random(samples, width, rng)
    z0_ND[0] = z1_ND[0] = 0
    z1_ND[2:3] = 0
    return z0_ND, z1_ND


SMOOTH: dict[str, Callable[[int, int, Generator], Views]] = {
    "random": random,
    "trained": trained,
    "collapsed": collapsed,
    "bad_positive": bad_positive,
}
# Where d^p with p < 2 has no gradient, or a hinge sits on its corner: only finiteness can be asked.
SINGULAR: dict[str, Callable[[int, int, Generator], Views]] = {
    "duplicates": duplicates,
    "identical": identical,
    "antipodal": antipodal,
    "zeros": zeros,
}


def views(state: str, samples: int, width: int, seed: int = 0) -> Views:
    """The two views of the named state, the same for the same arguments."""
    return (SMOOTH | SINGULAR)[state](samples, width, torch.Generator().manual_seed(seed))


def each_smooth_state() -> list[Views]:
    """A small batch in every state where value and gradient can be asked for."""
    return [views(state, samples=5, width=4) for state in SMOOTH]


def normal(rows: int, width: int, rng: Generator) -> Tensor:
    return torch.randn(rows, width, generator=rng, dtype=torch.float64)


def unit(z_ND: Tensor) -> Tensor:
    return z_ND / z_ND.pow(2).sum(1, keepdim=True).sqrt()


def near(base_ND: Tensor, apart: float, rng: Generator) -> Tensor:
    """Rows of lengths 0.5 to 2 around the unit `base_ND`; two around one base are about `apart` in d^2."""
    samples, width = base_ND.shape
    z_ND = unit(base_ND + normal(samples, width, rng) * (apart / (width - 1)) ** 0.5)
    return z_ND * (0.5 + 1.5 * torch.rand(samples, 1, generator=rng, dtype=torch.float64))
