"""Deep linear networks under a fixed alpha: C_alpha and a shape come in; where gradient ascent ends, compared with the
spectrum of C_alpha, and what kind of point it is, come out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg
from torch import Tensor

from runner.theory.ascent import Ends, Layers, ascend, can_be_looked_at, curvatures, draw_layers, unit_layers
from runner.theory.report import watched

# S initialisations, L layers, F inputs, M top eigenvectors, P parameters

REACHED, STILL = 1e-6, 1e-7
"""Energies this close, relative to the largest eigenvalue, count as equal; largest gradient at a fixed point."""
SAME = 1e-7
"""Eigenvalues closer than this, relative to the largest, count as equal."""
STEPS = 20_000


@dataclass(frozen=True)
class Kind:
    """The kind of an end: a maximum, a saddle (some direction still climbs) or flat to second order, with
    measurements."""

    energy: float
    name: str
    curvature: float
    gradient: float


@dataclass(frozen=True, eq=False)
class Bound:
    """The spectrum of C_alpha: half its top eigenvalue bounds the energy of unit layers."""

    eigenvalues_F: NDArray[np.float64]
    top_FM: Tensor
    """The eigenvectors of the top eigenvalue."""

    @property
    def top(self) -> float:
        return float(self.eigenvalues_F[-1])

    @property
    def multiplicity(self) -> int:
        return self.top_FM.shape[1]

    @property
    def scale(self) -> float:
        return float(np.abs(self.eigenvalues_F).max())

    @property
    def positive(self) -> bool:
        return self.top > SAME * self.scale

    def goal(self, depth: int) -> float:
        """The most that a network of this depth can reach: one layer of norm 1 cannot map everything to one point."""
        return max(self.top, 0.0) / 2 if depth > 1 else self.top / 2


def bound_of(covariance_FF: Tensor) -> Bound:
    values_F, vectors_FF = linalg.eigh(covariance_FF.numpy())
    same = values_F >= values_F[-1] - SAME * np.abs(values_F).max()
    return Bound(values_F, torch.from_numpy(vectors_FF[:, same]))


def end_to_end(layers: Layers) -> Tensor:
    """The product (S, O, F) of all layers."""
    whole = layers[0]
    for weight in layers[1:]:
        whole = weight @ whole
    return whole


def climb(covariance_FF: Tensor, widths: Sequence[int], seeds: int, seed: int, steps: int = STEPS) -> Ends:
    """Gradient ascent of tr(W C W^T) / 2 from random layers."""
    scale = float(torch.linalg.matrix_norm(covariance_FF, 2)) or 1.0
    bar = iter(watched(range(steps), f"Depth {len(widths) - 1}"))
    start = draw_layers(widths, seeds, seed)

    def energy(layers: Layers) -> Tensor:
        whole = end_to_end(layers)
        return (whole @ (covariance_FF / scale) * whole).sum((1, 2)) / 2

    ends = ascend(energy, unit_layers, start, steps, STILL, lambda: next(bar, None))
    return Ends(ends.layers, ends.energy_S * scale, ends.gradient_S * scale, ends.steps)


def classify(covariance_FF: Tensor, ends: Ends, which: int) -> Kind:
    """A maximum or a saddle, by the largest curvature on the product of spheres."""
    scale = float(torch.linalg.matrix_norm(covariance_FF, 2)) or 1.0

    def energy(layers: Layers) -> Tensor:
        whole = end_to_end(layers)
        return (whole @ (covariance_FF / scale) * whole).sum((1, 2)) / 2

    largest = float(curvatures(energy, unit_layers, ends.layers, which)[-1])
    flat = float(end_to_end(ends.layers)[which].norm()) < 1e-4 and len(ends.layers) > 2
    name = "saddle" if largest > 1e-6 else "flat to second order" if flat else "maximum"
    return Kind(float(ends.energy_S[which]), name, largest, float(ends.gradient_S[which]))


@dataclass(frozen=True, eq=False)
class Depth:
    """All ends at one depth, with measurements."""

    depth: int
    ends: Ends
    kinds: Sequence[Kind]
    """One classified end for each distinct end energy."""
    sigma_S: Tensor
    off_alignment_S: Tensor
    angle_S: Tensor


def measure(bound: Bound, covariance_FF: Tensor, ends: Ends) -> Depth:
    depth = len(ends.layers)
    factors = [torch.linalg.svd(weight, full_matrices=False) for weight in ends.layers]
    ratios = [s[:, 1] / s[:, 0] if s.shape[1] > 1 else torch.zeros_like(s[:, 0]) for _, s, _ in factors]
    sigma_S = torch.stack(ratios).max(0).values
    aligned = [1 - (after[2][:, 0] * before[0][:, :, 0]).sum(1).abs() for before, after in pairwise(factors)]
    off_S = torch.stack(aligned).max(0).values if aligned else torch.zeros(len(sigma_S), dtype=torch.float64)
    whole = end_to_end(ends.layers)
    inside_S = (whole @ bound.top_FM).flatten(1).norm(dim=1)
    outside_S = (whole - whole @ bound.top_FM @ bound.top_FM.mT).flatten(1).norm(dim=1)
    angle_S = torch.rad2deg(torch.atan2(outside_S, inside_S))
    return Depth(depth, ends, _distinct(bound, covariance_FF, ends), sigma_S, off_S, angle_S)


def _distinct(bound: Bound, covariance_FF: Tensor, ends: Ends) -> list[Kind]:
    """One end for each energy, classified, unless the Hessian is too large to compute."""
    if not can_be_looked_at(ends.layers):
        return []
    kinds: list[Kind] = []
    for which in ends.energy_S.argsort(descending=True).tolist():
        energy = float(ends.energy_S[which])
        if not kinds or abs(energy - kinds[-1].energy) > REACHED * bound.scale:
            kinds.append(classify(covariance_FF, ends, which))
        if len(kinds) == 5:
            break
    return kinds
