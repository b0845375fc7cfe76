"""Oracles of the losses mean_i phi(sum_j psi(x_ij)), x_ij = d_i^2 - d_ij^2: the table of the alpha-CL paper
(Tian 2022).

In: the raw embeddings of two views, and the loss's parameters. Out: a float64 scalar that autograd can
differentiate. Exponentials stand as written: cosines differ by at most 2, so at tau = 0.01 the largest is
e^200, well inside float64. Nothing is refused.
"""

import math

import torch
from torch import Tensor

from tests.oracles.batch import Anchor, mean_over_anchors


def log_of_sum(eps: float, xi: Tensor) -> Tensor:
    """log(eps + xi), with the digits of a xi far below eps kept."""
    return math.log(eps) + torch.log1p(xi / eps) if eps > 0 else torch.log(xi)


def infonce(z0: Tensor, z1: Tensor, *, tau: float = 0.5, eps: float = 1.0) -> Tensor:
    """phi = tau log(eps + x), psi = exp(x / tau) (van den Oord et al. 2018)."""
    return mean_over_anchors(z0, z1, lambda a: tau * log_of_sum(eps, torch.exp(a.x_J / tau).sum()))


def infonce_sharp(z0: Tensor, z1: Tensor, *, tau: float = 0.1, eps: float = 1.0) -> Tensor:
    """InfoNCE at the temperature common for large batches."""
    return infonce(z0, z1, tau=tau, eps=eps)


def infonce_hard(z0: Tensor, z1: Tensor, *, tau: float = 0.2, eps: float = 1.0, beta: float = 1.0) -> Tensor:
    """Negatives weighted by h_ij / mean_j h_ij, h = exp(beta s), not detached (Robinson et al. 2021)."""

    def row(a: Anchor) -> Tensor:
        h_J = torch.exp(beta * a.s_J)
        weight_J = h_J / h_J.mean()
        return tau * log_of_sum(eps, (weight_J * torch.exp(a.x_J / tau)).sum())

    return mean_over_anchors(z0, z1, row)


def dcl(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """-s_i / tau + log sum_j exp(s_ij / tau), on the scale of Yeh et al. 2022 (not multiplied by tau)."""
    return mean_over_anchors(z0, z1, lambda a: -a.s / tau + torch.log(torch.exp(a.s_J / tau).sum()))


def mine(z0: Tensor, z1: Tensor) -> Tensor:
    """phi = log x, psi = exp x (Belghazi et al. 2018)."""
    return mean_over_anchors(z0, z1, lambda a: torch.log(torch.exp(a.x_J).sum()))


def triplet(z0: Tensor, z1: Tensor, *, eps: float = 1.0) -> Tensor:
    """phi = x, psi = [x + eps]+ (Schroff et al. 2015)."""
    return mean_over_anchors(z0, z1, lambda a: torch.relu(a.x_J + eps).sum())


def soft_triplet(z0: Tensor, z1: Tensor, *, tau: float = 0.5, eps: float = 0.0) -> Tensor:
    """phi = tau log(1 + x), psi = exp(x / tau + eps) (Tian et al. 2020)."""
    return mean_over_anchors(z0, z1, lambda a: tau * torch.log1p(torch.exp(a.x_J / tau + eps).sum()))


def n_plus_1_tuplet(z0: Tensor, z1: Tensor) -> Tensor:
    """phi = log(1 + x), psi = exp x (Sohn 2016)."""
    return mean_over_anchors(z0, z1, lambda a: torch.log1p(torch.exp(a.x_J).sum()))


def lifted_structured(z0: Tensor, z1: Tensor, *, eps: float = 1.0) -> Tensor:
    """phi = [log x]+^2, psi = exp(x + eps) (Oh Song et al. 2016)."""
    return mean_over_anchors(z0, z1, lambda a: torch.relu(torch.log(torch.exp(a.x_J + eps).sum())) ** 2)


def modified_triplet(z0: Tensor, z1: Tensor, *, c: float = 10.0) -> Tensor:
    """phi = x, psi = sigmoid(c x) (Coria et al. 2020, Eqn. 10)."""
    return mean_over_anchors(z0, z1, lambda a: (1 / (1 + torch.exp(-c * a.x_J))).sum())


def triplet_contrastive(z0: Tensor, z1: Tensor) -> Tensor:
    """phi = x, psi = x (Ji et al. 2021, Eqn. 2)."""
    return mean_over_anchors(z0, z1, lambda a: a.x_J.sum())
