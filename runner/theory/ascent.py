"""Gradient ascent with layers of unit norm: an energy and initial layers come in; where they end comes out.

Every step follows the gradient and rescales each layer to norm 1. The step size is halved when the energy would fall
and grows again otherwise, for each initialisation by itself. The Hessian says what kind of point the end is. It is that
of the energy as a function of the layers' directions, which at a fixed point is the Riemannian Hessian on the product
of spheres.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import jacrev

# S initialisations, O outputs and I inputs of a layer, P all parameters

Layers = tuple[Tensor, ...]
Energy = Callable[[Layers], Tensor]
"""A function of layers, each (S, O, I), to the energies (S,) of the initialisations."""
Normalise = Callable[[Layers], Layers]

MOST_PARAMETERS = 1600
"""Most parameters for which the Hessian is computed: its memory grows with their square, its time with their cube."""
SMALLEST_STEP, LARGEST_STEP = 1e-12, 1e6
PATIENCE, NOTHING_GAINED = 200, 1e-9
"""Ascent ends when `PATIENCE` steps raise no energy by more than `NOTHING_GAINED`."""


@dataclass(frozen=True, eq=False)
class Ends:
    """Where each initialisation ended: layers, energy, norm of the gradient on the spheres, and the number of steps."""

    layers: Layers
    energy_S: Tensor
    gradient_S: Tensor
    steps: int


def unit_layers(layers: Layers) -> Layers:
    """Scale every layer to Frobenius norm 1, as in the paper."""
    return tuple(weight / weight.flatten(-2).norm(dim=-1)[..., None, None] for weight in layers)


def unit_filters(layers: Layers) -> Layers:
    """Scale every hidden unit of the first layer to norm 1 by itself, and each other layer as a whole."""
    first, *others = layers
    return (first / first.norm(dim=-1, keepdim=True), *unit_layers(tuple(others)))


def draw_layers(widths: Sequence[int], seeds: int, seed: int) -> Layers:
    """Gaussian layers (S, O, I) of the given widths, input width first, for `seeds` initialisations."""
    random = torch.Generator().manual_seed(seed)
    shapes = zip(widths[1:], widths, strict=False)
    return tuple(torch.randn(seeds, *shape, generator=random, dtype=torch.float64) for shape in shapes)


def ascend(
    energy: Energy, normalise: Normalise, start: Layers, steps: int, tolerance: float, watch: Callable[[], object]
) -> Ends:
    """Ascend until the gradient on the spheres is below the tolerance for every initialisation, or steps run out."""
    layers = normalise(start)
    size_S = torch.full((len(layers[0]),), 0.1, dtype=torch.float64)
    energy_S, gradients = _with_gradients(energy, normalise, layers)
    taken, before_S = 0, energy_S
    while taken < steps and not bool((_norm(gradients) <= tolerance).all()):
        taken += 1
        if taken % PATIENCE == 0:
            # At the kink of a ReLU, ascent zigzags: the gradient does not vanish, and nothing is gained.
            if bool(((energy_S - before_S)[_norm(gradients) > tolerance] <= NOTHING_GAINED).all()):
                break
            before_S = energy_S
        watch()
        moved = normalise(
            tuple(weight + size_S[:, None, None] * gradient for weight, gradient in zip(layers, gradients, strict=True))
        )
        reached_S, next_gradients = _with_gradients(energy, normalise, moved)
        # A decrease within rounding error does not count as a fall.
        better_S = reached_S >= energy_S - 1e-15 * energy_S.abs()
        layers, gradients = _chosen(better_S, moved, layers), _chosen(better_S, next_gradients, gradients)
        energy_S = torch.where(better_S, reached_S, energy_S)
        size_S = torch.where(better_S, 1.3 * size_S, size_S / 2).clamp(SMALLEST_STEP, LARGEST_STEP)
    return Ends(layers, energy_S, _norm(gradients), taken)


def can_be_looked_at(layers: Layers) -> bool:
    """Whether the Hessian of one initialisation is small enough for `curvatures`."""
    return sum(weight[0].numel() for weight in layers) <= MOST_PARAMETERS


def curvatures(energy: Energy, normalise: Normalise, layers: Layers, which: int) -> Tensor:
    """Eigenvalues (P,) of the Hessian on the constraint at one end, in increasing order; the radial ones are 0."""
    single = tuple(weight[which : which + 1] for weight in normalise(layers))
    sizes, shapes = [weight.numel() for weight in single], [weight.shape for weight in single]

    def flat_energy(flat_P: Tensor) -> Tensor:
        parts = torch.split(flat_P, sizes)
        there = tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
        return energy(normalise(there))[0]

    curvature_PP: Tensor = jacrev(jacrev(flat_energy))(torch.cat([weight.flatten() for weight in single]))
    values_P: Tensor = torch.linalg.eigvalsh((curvature_PP + curvature_PP.mT) / 2)
    return values_P


def spectra(layers: Layers) -> Iterator[Tensor]:
    """The singular values (S, K) of each layer."""
    for weight in layers:
        yield torch.linalg.svdvals(weight)


def _with_gradients(energy: Energy, normalise: Normalise, layers: Layers) -> tuple[Tensor, Layers]:
    """The energies and the gradient on the constraint: at layers of unit norm, the gradient by their directions."""
    free = tuple(weight.detach().requires_grad_() for weight in layers)
    energy_S = energy(normalise(free))
    return energy_S.detach(), torch.autograd.grad(energy_S.sum(), free)


def _norm(gradients: Layers) -> Tensor:
    total_S = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0)
    return total_S.sqrt()


def _chosen(mask_S: Tensor, yes: Layers, no: Layers) -> Layers:
    return tuple(torch.where(mask_S[:, None, None], taken, other) for taken, other in zip(yes, no, strict=True))
