"""Two-layer networks under a fixed alpha: weights of pairs come in; where ascent ends, its rank and what its units have
learnt come out.

Ascent climbs the energy of the derived alpha; alpha by definition decides whether an end is a fixed point.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from runner.theory.ascent import (
    Ends,
    Energy,
    Layers,
    Normalise,
    ascend,
    can_be_looked_at,
    curvatures,
    draw_layers,
    unit_filters,
    unit_layers,
)
from runner.theory.data import Views
from runner.theory.report import watched
from runner.theory.weights import PairWeights

# S initialisations, K hidden units, O outputs, F inputs, M components, E embeddings

STILL, STEPS = 1e-6, 4_000
"""At a fixed point the gradient on the constraint is below `STILL`, with energies divided by C_alpha's top
eigenvalue."""
NUMERICAL, DEAD, LEARNT = 1e-3, 1e-3, 0.9
"""Singular values below `NUMERICAL` times the first count as 0, units below `DEAD` times the largest as dead. A unit
has learnt the component with which its weights have a cosine of at least `LEARNT`."""
LOOKED_AT = 6
CONSTRAINTS: dict[str, Normalise] = {"layer": unit_layers, "filter": unit_filters}


@dataclass(frozen=True, eq=False)
class Outcome:
    """Where one kind of network ended under one constraint."""

    network: str
    constraint: str
    ends: Ends
    scale: float
    settled_S: Tensor
    """Which ends have no gradient left by the derived alpha; the others were still climbing when steps ran out."""
    fixed_S: Tensor
    """Which of the ends are fixed points, by the gradient of the energy with alpha by definition."""
    rank_S: Tensor
    effective_S: Tensor
    covered_S: Tensor
    learnt_SK: Tensor
    """The component that each hidden unit has learnt, -1 if none."""
    kinds: Sequence[str]
    """The kinds of the first few ends; empty if the Hessian is too large to compute."""

    @property
    def gated_SKF(self) -> Tensor:
        """The part of the first layer that is active."""
        first_SKF = self.ends.layers[0]
        return first_SKF.clamp_min(0) if self.network == "ReLU" else first_SKF


def rank_of(layer_SKF: Tensor) -> tuple[Tensor, Tensor]:
    """The numerical rank of each layer, and its effective rank: exp of the entropy of the singular values, as shares of
    their sum (Roy and Vetterli 2007)."""
    sigma_SK = torch.linalg.svdvals(layer_SKF)
    share_SK = sigma_SK / sigma_SK.sum(1, keepdim=True)
    return (sigma_SK > NUMERICAL * sigma_SK[:, :1]).sum(1), torch.special.entr(share_SK).sum(1).exp()


def learnt_components(layer_SKF: Tensor, components_MF: Tensor) -> Tensor:
    """The component (S, K) along which each hidden unit points, -1 for one that is dead or points between them."""
    length_SK = layer_SKF.norm(dim=2)
    cosine_SKM = (layer_SKF @ components_MF.mT / length_SK[..., None].clamp_min(1e-300)).abs()
    best_SK = cosine_SKM.max(2)
    alive_SK = length_SK > DEAD * length_SK.max(1, keepdim=True).values
    return torch.where(alive_SK & (best_SK.values >= LEARNT), best_SK.indices, -1)


def count_covered(learnt_SK: Tensor) -> Tensor:
    return torch.tensor([len(set(row) - {-1}) for row in learnt_SK.tolist()])


def energy_of(weights: PairWeights, x_EF: Tensor, scale: float, network: str) -> Energy:
    """E of the network as a function of its layers, divided by `scale`, from the graph Laplacian between embeddings."""
    net_EE = weights.net_EE + weights.net_EE.mT
    laplacian_EE = (torch.diag(net_EE.sum(1)) - net_EE) / scale

    def energy(layers: Layers) -> Tensor:
        first_SKF, second_SOK = layers
        hidden_SEK = x_EF @ first_SKF.mT
        f_SEO = (hidden_SEK.relu() if network == "ReLU" else hidden_SEK) @ second_SOK.mT
        total_S: Tensor = ((laplacian_EE @ f_SEO) * f_SEO).sum((1, 2)) / 2
        return total_S

    return energy


def explore(
    derived: PairWeights,
    defined: PairWeights,
    views: Views,
    x_EF: Tensor,
    network: str,
    constraint: str,
    hidden: int,
    seeds: int,
    seed: int,
) -> Outcome:
    """Ascend with the derived alpha; alpha by definition decides whether an end is a fixed point."""
    scale = float(torch.linalg.matrix_norm(defined.covariance(x_EF), 2)) or 1.0
    energy, literal = (energy_of(weights, x_EF, scale, network) for weights in (derived, defined))
    normalise = CONSTRAINTS[constraint]
    first_SKF, second_SOK = draw_layers([views.width, hidden, hidden], seeds, seed)
    bar = iter(watched(range(STEPS), f"{network}, {constraint}"))
    ends = ascend(energy, normalise, (first_SKF.abs(), second_SOK), STEPS, STILL, lambda: next(bar, None))
    still_S = ascend(literal, normalise, ends.layers, 0, STILL, lambda: None).gradient_S
    gated_SKF = ends.layers[0].clamp_min(0) if network == "ReLU" else ends.layers[0]
    rank_S, effective_S = rank_of(gated_SKF)
    components_MF = views.components_MF if views.components_MF is not None else class_directions(views)
    learnt_SK = learnt_components(gated_SKF, components_MF)
    closed = _with_gates_closed(ends.layers) if network == "ReLU" else ends.layers
    looked_at = range(min(seeds, LOOKED_AT) if can_be_looked_at(closed) else 0)
    largest = [float(curvatures(energy, normalise, closed, which)[-1]) for which in looked_at]
    kinds = ["maximum" if value < 1e-5 else "saddle" for value in largest]
    return Outcome(
        network,
        constraint,
        ends,
        scale,
        ends.gradient_S <= STILL,
        still_S <= 10 * STILL,
        rank_S,
        effective_S,
        count_covered(learnt_SK),
        learnt_SK,
        kinds,
    )


def _with_gates_closed(layers: Layers) -> Layers:
    """Set near-zero weights of the first layer to their inactive side. Ascent took them there, so activating them does
    not pay, and the curvature that counts is that of the other weights."""
    first_SKF, *others = layers
    edge_S11 = NUMERICAL * first_SKF.abs().amax((1, 2), keepdim=True)
    return torch.where(first_SKF < edge_S11, -1e-9, first_SKF), *others


def class_directions(views: Views) -> Tensor:
    """The unit directions of the class means, for data without components of their own."""
    means = [views.x_VNF[:, views.classes_N == label].mean((0, 1)) for label in sorted(set(views.classes_N.tolist()))]
    means_MF = torch.stack(means)
    unit_MF: Tensor = means_MF / means_MF.norm(dim=1, keepdim=True).clamp_min(1e-300)
    return unit_MF
