"""Alpha and beta over all pairs of embeddings: importances of a batch come in; energy and contrastive covariance come
out.

Tian 2022: E_alpha[z] = sum_ij alpha_ij d_ij^2 - sum_i beta_i d_i^2 with HALF squared distances, so that it is half the
trace of C_alpha[z] = sum_ij alpha_ij (z_i - z_j)(z_i - z_j)^T - sum_i beta_i (z_i - z_i')(z_i - z_i')^T. Here the mean
over anchors is part of alpha and beta: alpha_ij is repel_ij of the loss divided by its number of anchors.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

# E embeddings: view 0, view 1, then the queue; A anchors, C candidates, F coordinates


@dataclass(frozen=True, eq=False)
class PairWeights:
    """The weights (E, E) with which each pair is pushed apart and pulled together; rows are anchors."""

    alpha_EE: Tensor
    beta_EE: Tensor

    @property
    def net_EE(self) -> Tensor:
        return self.alpha_EE - self.beta_EE

    def energy(self, z_EF: Tensor) -> Tensor:
        """E_alpha, a scalar, summed over pairs."""
        return (self.net_EE * half_squared(z_EF)).sum()

    def covariance(self, x_EF: Tensor) -> Tensor:
        """C_alpha (F, F), from the graph Laplacian of the weights between the inputs."""
        net_EE = self.net_EE
        degree_E = net_EE.sum(0) + net_EE.sum(1)
        return x_EF.mT @ (degree_E[:, None] * x_EF - (net_EE + net_EE.mT) @ x_EF)

    def covariance_by_pairs(self, x_EF: Tensor) -> Tensor:
        """C_alpha as it is written, a sum of outer products; slow, and independent of the Laplacian."""
        gap_EEF = x_EF[:, None] - x_EF[None]
        return torch.einsum("pq,pqf,pqg->fg", self.net_EE, gap_EEF, gap_EEF)

    def off_row_sum(self) -> float:
        """How far beta_i is from sum_j alpha_ij, relative to the largest of either: 0 in the paper's family."""
        alpha_E, beta_E = self.alpha_EE.sum(1), self.beta_EE.sum(1)
        scale = max(float(alpha_E.abs().max()), float(beta_E.abs().max()))
        return float((alpha_E - beta_E).abs().max()) / scale if scale else 0.0


Sabotage = Callable[[PairWeights], PairWeights]
"""A change of the derived alpha and beta before statements are checked. It is the identity, except in a negative
control: see `CONTROLS`."""


def intact(weights: PairWeights) -> PairWeights:
    return weights


def flip_sign(weights: PairWeights) -> PairWeights:
    """Negatives are pulled in and positives pushed away."""
    return PairWeights(-weights.alpha_EE, -weights.beta_EE)


def unnormalise_rows(weights: PairWeights) -> PairWeights:
    """Rows no longer have their sum: each is multiplied by a different factor between 1.1 and 1.5, and beta with it."""
    factor_E1 = torch.linspace(1.1, 1.5, len(weights.alpha_EE), dtype=torch.float64)[:, None]
    return PairWeights(factor_E1 * weights.alpha_EE, factor_E1 * weights.beta_EE)


def spoil_beta(weights: PairWeights) -> PairWeights:
    """Beta is scaled, so it is no longer the row sum."""
    return replace(weights, beta_EE=0.8 * weights.beta_EE)


CONTROLS: dict[str, Sabotage] = {"sign": flip_sign, "rows": unnormalise_rows, "beta": spoil_beta}
"""Corrupted alphas by name; every statement that depends on alpha has to fail with each of them."""


def half_squared(z_EF: Tensor) -> Tensor:
    """d^2 (E, E): HALF the squared distance of each pair, from differences."""
    return (z_EF[:, None] - z_EF[None]).square().sum(-1) / 2


def place(repel_AC: Tensor, attract_A: Tensor, embeddings: int) -> PairWeights:
    """Put the importances of a batch into matrices over all its embeddings; the mean over anchors becomes part of them.

    attract (A,): the positive of an anchor is the other view of its sample. attract (A, A): a weight for each positive.
    Candidates are either the anchors themselves, or a queue that comes after both views.
    """
    anchors, candidates = repel_AC.shape
    alpha_EE, beta_EE = repel_AC.new_zeros(embeddings, embeddings), repel_AC.new_zeros(embeddings, embeddings)
    alpha_EE[:anchors, embeddings - candidates :] = repel_AC / anchors
    if attract_A.ndim == 2:
        beta_EE[:anchors, :anchors] = attract_A / anchors
    else:
        both = embeddings if candidates == anchors else embeddings - candidates
        at_A = torch.arange(anchors)
        beta_EE[at_A, (at_A + both // 2) % both] = attract_A / anchors
    return PairWeights(alpha_EE, beta_EE)
