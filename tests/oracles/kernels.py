"""Losses that look closely at small distances, from plain differences in extended precision: the kernel of a distance
and its slope by d^2 in, the value and the gradient on both views out.

Legend: E embeddings of both views and a queue, A = 2N, D embedding width. Nothing is refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.oracles.index_sets import Row

Wide = NDArray[np.longdouble]
Kernel = Callable[[Wide], Wide]


@dataclass(frozen=True)
class Pull:
    """mean_i g(d[i]^2) + mean_j f(d[i,j]^2) as the line of a spec, with g, f and their slopes."""

    spec: str
    near: tuple[Kernel, Kernel]
    far: tuple[Kernel, Kernel]


def _same(d2: Wide) -> Wide:
    return d2


def _one(d2: Wide) -> Wide:
    return np.ones_like(d2)


def _negated(kernel: tuple[Kernel, Kernel]) -> tuple[Kernel, Kernel]:
    value, slope = kernel
    return lambda d2: -value(d2), lambda d2: -slope(d2)


SQUARE = _same, _one
INVERSE = lambda d2: 1 / d2, lambda d2: -1 / d2**2
RIESZ = lambda d2: d2**-0.5, lambda d2: -(d2**-1.5) / 2
LOGARITHM = np.log, lambda d2: 1 / d2
ROOT = np.sqrt, lambda d2: d2**-0.5 / 2
GAUSSIAN = lambda d2: np.exp(-d2), lambda d2: -np.exp(-d2)

PULLS: dict[str, Pull] = {
    "riesz": Pull("d[i]^2 + mean_j((d[i,j]^2 + 1e-30)^-0.5)", SQUARE, RIESZ),
    "inverse": Pull("d[i]^2 + mean_j(1 / (d[i,j]^2 + 1e-30))", SQUARE, INVERSE),
    "logarithm": Pull("log(d[i]^2 + 1e-30) - mean_j(log(d[i,j]^2 + 1e-30))", LOGARITHM, _negated(LOGARITHM)),
    "root": Pull("d[i] - mean_j(d[i,j])", ROOT, _negated(ROOT)),
    "gaussian": Pull("d[i]^2 + mean_j(exp(-d[i,j]^2))", SQUARE, GAUSSIAN),
}


def value_and_gradient(
    pull: Pull, rows: Sequence[Row], z_ED: NDArray[np.float64], anchors: int, *, on_sphere: bool
) -> tuple[float, NDArray[np.float64]]:
    """The gradient is that of the first `anchors` embeddings, as they came."""
    raw_ED = z_ED.astype(np.longdouble)
    length_E1 = np.sqrt((raw_ED**2).sum(1, keepdims=True)) if on_sphere else np.ones_like(raw_ED[:, :1])
    u_ED = raw_ED / length_E1
    gradient_ED, value = np.zeros_like(u_ED), np.longdouble(0)
    total = sum(row.weight for row in rows)
    for row in rows:
        part = np.longdouble(row.weight) / total
        for others, (kernel, slope) in ((np.array([row.positive]), pull.near), (np.array(row.negatives), pull.far)):
            apart_JD = u_ED[row.anchor] - u_ED[others]
            d2_J = (apart_JD**2).sum(1) / 2
            value += part * kernel(d2_J).mean()
            moved_JD = part * slope(d2_J)[:, None] / len(others) * apart_JD
            gradient_ED[row.anchor] += moved_JD.sum(0)
            np.subtract.at(gradient_ED, others, moved_JD)
    if on_sphere:
        gradient_ED = (gradient_ED - (gradient_ED * u_ED).sum(1, keepdims=True) * u_ED) / length_E1
    return float(value), gradient_ED[:anchors].astype(np.float64)
