"""Losses as they are written by hand in their papers' code: full matrices, a mask, autograd.

Each takes two views (N, D) and its parameters as numbers, and has the value and gradient of our loss of that name (up
to a factor where the usual code has another). Legend: N samples, A = 2N anchors, D embedding width.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def on_sphere(*views: Tensor) -> Tensor:
    """All embeddings (A, D), normalised, in float32 at least."""
    z_AD = torch.cat(views)
    return functional.normalize(z_AD.to(torch.promote_types(z_AD.dtype, torch.float32)), dim=1)


def product(a_AD: Tensor, b_CD: Tensor, dtype: torch.dtype) -> Tensor:
    """Inner products (A, C), computed in the given dtype."""
    return (a_AD.to(dtype) @ b_CD.to(dtype).T).to(a_AD.dtype)


def cosines(z0_ND: Tensor, z1_ND: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cosines of all pairs (A, A) and of the positives (A, 1), and the mask of negatives (A, A)."""
    z_AD = on_sphere(z0_ND, z1_ND)
    itself_NN = torch.eye(len(z0_ND), dtype=torch.bool, device=z0_ND.device)
    positive_N = (z_AD[: len(z0_ND)] * z_AD[len(z0_ND) :]).sum(1)
    return product(z_AD, z_AD, z0_ND.dtype), positive_N.repeat(2)[:, None], ~itself_NN.tile(2, 2)


def infonce(z0_ND: Tensor, z1_ND: Tensor, tau: float) -> Tensor:
    """Cross-entropy of each anchor against all others. The embeddings are scaled before the product, which saves a
    matrix."""
    z_AD = on_sphere(z0_ND, z1_ND)
    logit_AA = product(z_AD / tau, z_AD, z0_ND.dtype).fill_diagonal_(-torch.inf)
    positive_A = torch.arange(len(z_AD), device=z0_ND.device).roll(len(z0_ND))
    return tau * functional.cross_entropy(logit_AA, positive_A)


def infonce_hard(z0_ND: Tensor, z1_ND: Tensor, tau: float, beta: float) -> Tensor:
    """Negatives reweighted by exp(beta s), as in the official code of Robinson et al. with tau_plus = 0."""
    s_AA, positive_A1, negative_AA = cosines(z0_ND, z1_ND)
    exp_AA = torch.where(negative_AA, (s_AA / tau).exp(), 0.0)
    hard_AA = torch.where(negative_AA, (beta * s_AA).exp(), 0.0)
    count = len(s_AA) - 2
    far_A1 = (hard_AA * exp_AA).sum(1, keepdim=True) * count / hard_AA.sum(1, keepdim=True)
    near_A1 = (positive_A1 / tau).exp()
    return -tau * (near_A1 / (near_A1 + far_A1)).log().mean()


def triplet(z0_ND: Tensor, z1_ND: Tensor, eps: float) -> Tensor:
    s_AA, positive_A1, negative_AA = cosines(z0_ND, z1_ND)
    return torch.where(negative_AA, functional.relu(s_AA - positive_A1 + eps), 0.0).sum(1).mean()


def modified_triplet(z0_ND: Tensor, z1_ND: Tensor, c: float) -> Tensor:
    s_AA, positive_A1, negative_AA = cosines(z0_ND, z1_ND)
    return torch.where(negative_AA, (c * (s_AA - positive_A1)).sigmoid(), 0.0).sum(1).mean()


def direct(z0_ND: Tensor, z1_ND: Tensor, p: float, tau: float) -> Tensor:
    s_AA, positive_A1, negative_AA = cosines(z0_ND, z1_ND)
    with torch.no_grad():
        logit_AA = (-((1 - s_AA) ** (p / 2)) / tau).masked_fill(~negative_AA, -torch.inf)
        alpha_AA = logit_AA.softmax(1)
    return (alpha_AA * (s_AA - positive_A1)).sum(1).mean()


def entropy(z0_ND: Tensor, z1_ND: Tensor, tau: float) -> Tensor:
    return direct(z0_ND, z1_ND, 2.0, tau)


def square(z0_ND: Tensor, z1_ND: Tensor, tau: float) -> Tensor:
    """Each row of cosines projected onto the simplex, as in sparsemax."""
    s_AA, positive_A1, negative_AA = cosines(z0_ND, z1_ND)
    with torch.no_grad():
        logit_AA = (s_AA / tau).masked_fill(~negative_AA, -torch.inf)
        sorted_AA = logit_AA.sort(1, descending=True).values
        kept_A = torch.arange(1, len(s_AA) + 1, device=s_AA.device, dtype=s_AA.dtype)
        threshold_AA = (sorted_AA.cumsum(1) - 1) / kept_A
        size_A1 = (sorted_AA > threshold_AA).sum(1, keepdim=True)
        alpha_AA = (logit_AA - threshold_AA.gather(1, size_A1 - 1)).clamp_min(0)
    return (alpha_AA * (s_AA - positive_A1)).sum(1).mean()


def inverse(z0_ND: Tensor, z1_ND: Tensor, tau: float, gamma: float) -> Tensor:
    """alpha = (tau / (d^2 + lambda))^(1 / gamma), with lambda of each row by bisection."""
    s_AA, positive_A1, negative_AA = cosines(z0_ND, z1_ND)
    with torch.no_grad():
        d2_AA = (1 - s_AA).masked_fill(~negative_AA, torch.inf)
        cost_AA = d2_AA - d2_AA.amin(1, keepdim=True)
        low_A1 = torch.full_like(positive_A1, tau)
        high_A1 = torch.full_like(positive_A1, tau * (len(s_AA) - 2) ** gamma)
        for _ in range(torch.finfo(s_AA.dtype).bits):
            middle_A1 = (low_A1 + high_A1) / 2
            above_A1 = ((tau / (cost_AA + middle_A1)) ** (1 / gamma)).sum(1, keepdim=True) > 1
            low_A1, high_A1 = torch.where(above_A1, middle_A1, low_A1), torch.where(above_A1, high_A1, middle_A1)
        alpha_AA = (tau / (cost_AA + middle_A1)) ** (1 / gamma)
        alpha_AA /= alpha_AA.sum(1, keepdim=True)
    return (alpha_AA * (s_AA - positive_A1)).sum(1).mean()


def siglip(z0_ND: Tensor, z1_ND: Tensor, t: Tensor, b: Tensor) -> Tensor:
    """As in the official code: one product, with every pair of a first and a second view once."""
    logit_NN = product(on_sphere(z0_ND), on_sphere(z1_ND), z0_ND.dtype) * t.exp() + b
    sign_NN = 2 * torch.eye(len(z0_ND), device=z0_ND.device, dtype=logit_NN.dtype) - 1
    return -functional.logsigmoid(sign_NN * logit_NN).sum() / len(z0_ND)


HAND_WRITTEN: dict[str, Callable[..., Tensor]] = {
    loss.__name__: loss
    for loss in (infonce, infonce_hard, triplet, modified_triplet, direct, entropy, square, inverse, siglip)
}
