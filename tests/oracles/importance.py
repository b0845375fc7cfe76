"""Oracles of the losses that set the pairwise importance alpha themselves: mean_i sum_j alpha_ij (d_i^2 -
d_ij^2).

In: the raw embeddings of two views, and the loss's parameters. Out: a float64 scalar that autograd can
differentiate. Alpha is detached, as the paper holds it fixed for the max player; only `direct_backprop`
and `cacr` let the gradient through. Nothing is refused.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from tests.oracles.batch import Anchor, Setting, anchors, mean_of, mean_over_anchors
from tests.oracles.coordinate import infonce
from tests.oracles.index_sets import cross_view
from tests.oracles.simplex import entmax_alpha, entropy_alpha, inverse_alpha, square_alpha


def held_fixed(z0: Tensor, z1: Tensor, alpha_J: Callable[[Tensor], Tensor]) -> Tensor:
    """The max player's loss for an alpha that is a function of the distances to the negatives."""
    return mean_over_anchors(z0, z1, lambda a: energy(a, alpha_J(a.d2_J.detach())))


def energy(a: Anchor, alpha_J: Tensor) -> Tensor:
    """sum_j alpha_ij (d_i^2 - d_ij^2) of one anchor."""
    return (alpha_J * (a.d2 - a.d2_J)).sum()


def entropy(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """alpha-CL-r_H: the min player with R(a) = -tau a log a (Tian 2022)."""
    return held_fixed(z0, z1, lambda d2_J: entropy_alpha(d2_J, tau))


def inverse(z0: Tensor, z1: Tensor, *, tau: float = 0.5, gamma: float = 2.0) -> Tensor:
    """alpha-CL-r_gamma: the min player with R(a) = tau a^(1-gamma) / (1-gamma) (Tian 2022)."""
    return held_fixed(z0, z1, lambda d2_J: inverse_alpha(d2_J, tau, gamma))


def square(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """alpha-CL-r_s: the min player with R(a) = -tau a^2 / 2 (Tian 2022)."""
    return held_fixed(z0, z1, lambda d2_J: square_alpha(d2_J, tau))


def direct_alpha(d2_J: Tensor, p: float, tau: float) -> Tensor:
    """exp(-d^p / tau) normalised over the negatives; the largest is divided out, as e^-1600 is no float64."""
    logit_J = -(d2_J ** (p / 2)) / tau
    weight_J = torch.exp(logit_J - logit_J.detach().max())
    return weight_J / weight_J.sum()


def direct(z0: Tensor, z1: Tensor, *, p: float = 4.0, tau: float = 0.5) -> Tensor:
    """alpha-CL-direct: alpha proportional to exp(-d^p / tau) (Tian 2022)."""
    return held_fixed(z0, z1, lambda d2_J: direct_alpha(d2_J, p, tau))


def direct_backprop(z0: Tensor, z1: Tensor, *, p: float = 4.0, tau: float = 0.5) -> Tensor:
    """The paper's "backprop alpha": alpha of `direct`, with the gradient flowing through it."""
    return mean_over_anchors(z0, z1, lambda a: energy(a, direct_alpha(a.d2_J, p, tau)))


def direct_unnormalised(z0: Tensor, z1: Tensor, *, p: float = 4.0, tau: float = 0.5) -> Tensor:
    """The authors' recorded runs: alpha = exp(-d^p / tau), rows not normalised."""
    return held_fixed(z0, z1, lambda d2_J: torch.exp(-(d2_J ** (p / 2)) / tau))


def inverse_direct(z0: Tensor, z1: Tensor, *, tau: float = 0.5, k: float = 1.0) -> Tensor:
    """The authors' "inverse": alpha = 1 / (d^2 + tau)^k, rows not normalised."""
    return held_fixed(z0, z1, lambda d2_J: 1 / (d2_J + tau) ** k)


def quadratic(z0: Tensor, z1: Tensor) -> Tensor:
    """Minus the mean positive similarity plus the mean negative one (alpha = 1 / (2N-2))."""
    return mean_over_anchors(z0, z1, lambda a: a.s_J.mean() - a.s)


def entmax(z0: Tensor, z1: Tensor, *, tau: float = 0.5, q: float = 1.5) -> Tensor:
    """The min player with the Tsallis entropy R(a) = tau (a - a^q) / (q (q - 1)) (Peters et al. 2019)."""
    return held_fixed(z0, z1, lambda d2_J: entmax_alpha(d2_J, tau, q))


def cacr(z0: Tensor, z1: Tensor, *, t: float = 1.0) -> Tensor:
    """d^2 - sum_j softmax_j(-t |z - z_j|^2) d_j^2, weights not detached, across the views (Zheng et al. 2021)."""

    def row(a: Anchor) -> Tensor:
        return a.d2 - (torch.softmax(-t * 2 * a.d2_J, 0) * a.d2_J).sum()

    return mean_over_anchors(z0, z1, row, Setting(cross_view(len(z0))))


def rank_one(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """alpha_ij = w_i / sum_i w_i, w_i = sum_j exp(-d_ij^2 / tau), detached (Tian 2022)."""
    rows = anchors(z0, z1)
    w_A = torch.stack([torch.exp(-a.d2_J / tau).sum() for a in rows]).detach()
    share = dict(zip(map(id, rows), w_A / w_A.sum(), strict=True))
    return mean_of(rows, lambda a: share[id(a)] * (a.d2 - a.d2_J).sum())


def infonce_direct_path(
    z0: Tensor,
    z1: Tensor,
    *,
    t: float = 0.5,
    infonce_tau: float = 0.5,
    infonce_eps: float = 1.0,
    direct_p: float = 4.0,
    direct_tau: float = 0.5,
) -> Tensor:
    """alpha proportional to that of InfoNCE to the 1 - t times that of direct to the t, detached.

    What an importance is divided by is the same along a row, so that eps has no part in it.
    """

    def alpha_J(d2_J: Tensor) -> Tensor:
        return torch.softmax(-(1 - t) * d2_J / infonce_tau - t * d2_J ** (direct_p / 2) / direct_tau, 0)

    return held_fixed(z0, z1, alpha_J)


def blend(
    z0: Tensor, z1: Tensor, *, infonce_tau: float = 0.2, infonce_eps: float = 1.0, square_tau: float = 0.5
) -> Tensor:
    """0.7 InfoNCE + 0.3 square."""
    return 0.7 * infonce(z0, z1, tau=infonce_tau, eps=infonce_eps) + 0.3 * square(z0, z1, tau=square_tau)


def beyond_infonce(
    z0: Tensor,
    z1: Tensor,
    *,
    direct_p: float = 4.0,
    direct_tau: float = 0.5,
    infonce_tau: float = 0.5,
    infonce_eps: float = 1.0,
) -> Tensor:
    """1.5 direct - 0.5 InfoNCE."""
    beyond = direct(z0, z1, p=direct_p, tau=direct_tau)
    return 1.5 * beyond - 0.5 * infonce(z0, z1, tau=infonce_tau, eps=infonce_eps)
