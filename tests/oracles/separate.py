"""Oracles of the losses that treat positives and negatives apart: sums of f(s_i) and g(s_ij), kernels, hinges.

In: the raw embeddings of two views and the loss's parameters. Out: a float64 scalar that autograd can differentiate, by
learned parameters too. Distances in the papers are squared and not halved: 2 d^2 here. Nothing is refused.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from tests.oracles.batch import Anchor, Setting, anchors, mean_of, mean_over_anchors
from tests.oracles.index_sets import cross_view, same_view

Number = float | Tensor
Kernel = Callable[[Tensor], Tensor]


def log_sigmoid(x: Tensor) -> Tensor:
    """log 1 / (1 + e^-x), whichever sign x has."""
    return torch.minimum(x, torch.zeros_like(x)) - torch.log1p(torch.exp(-x.abs()))


def siglip(z0: Tensor, z1: Tensor, *, t: Number = 2.3026, b: Number = -10.0) -> Tensor:
    """-1/N sum_ij log sigma(y_ij (e^t s_ij + b)), y = 1 on the diagonal and -1 off it (Zhai et al. 2023)."""
    u0, u1 = (z / z.pow(2).sum(1, keepdim=True).sqrt() for z in (z0, z1))
    logits = torch.as_tensor(t, dtype=torch.float64).exp() * (u0 @ u1.T) + b
    sign = 2 * torch.eye(len(z0), dtype=torch.float64) - 1
    return -log_sigmoid(sign * logits).sum() / len(z0)


def nt_logistic(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """-log sigma(s / tau) - sum_j log sigma(-s_j / tau) (Chen et al. 2020)."""
    return mean_over_anchors(z0, z1, lambda a: -log_sigmoid(a.s / tau) - log_sigmoid(-a.s_J / tau).sum())


def jsd(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """-log sigma(f) - mean_j log sigma(-f_j), f = s / tau (Hjelm et al. 2019)."""
    return mean_over_anchors(z0, z1, lambda a: -log_sigmoid(a.s / tau) - log_sigmoid(-a.s_J / tau).mean())


def nwj(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """-f + mean_j e^(f_j - 1), f = s / tau (Nguyen et al. 2010)."""
    return mean_over_anchors(z0, z1, lambda a: -a.s / tau + torch.exp(a.s_J / tau - 1).mean())


def dv(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """-mean f + log of the mean of e^f over all negatives of the batch (Donsker and Varadhan; Belghazi et al. 2018)."""
    rows = anchors(z0, z1)
    f_AJ = torch.stack([a.s_J for a in rows]) / tau
    return -torch.stack([a.s for a in rows]).mean() / tau + torch.log(torch.exp(f_AJ).mean())


def rpc(z0: Tensor, z1: Tensor, *, tau: float = 0.5, a: float = 1.0, b: float = 0.005, c: float = 1.0) -> Tensor:
    """-(f - b/2 f^2) + mean_j(a f_j + c/2 f_j^2), f = s / tau (Tsai et al. 2021)."""

    def row(at: Anchor) -> Tensor:
        f, f_J = at.s / tau, at.s_J / tau
        return -f + b / 2 * f**2 + (a * f_J + c / 2 * f_J**2).mean()

    return mean_over_anchors(z0, z1, row)


def rince(z0: Tensor, z1: Tensor, *, tau: float = 0.5, q: float = 0.5, **others: float) -> Tensor:
    """-p^q / q + (lambda (p + sum_j n_j))^q / q (Chuang et al. 2022)."""
    density = others.get("lambda", 0.01)

    def row(a: Anchor) -> Tensor:
        p, n_J = torch.exp(a.s / tau), torch.exp(a.s_J / tau)
        return -(p**q) / q + (density * (p + n_J.sum())) ** q / q

    return mean_over_anchors(z0, z1, row)


def spectral(z0: Tensor, z1: Tensor) -> Tensor:
    """-2 z . z' + the mean of (z_i . z'_j)^2 over pairs across the views, lengths as they are (HaoChen et al. 2021)."""
    setting = Setting(cross_view(len(z0)), normalised=False)
    return mean_over_anchors(z0, z1, lambda a: -2 * a.s + (a.s_J**2).mean(), setting)


def n_pairs(z0: Tensor, z1: Tensor, **others: float) -> Tensor:
    """log(1 + sum_j exp(z_i . z'_j - z_i . z'_i)) + lambda times the mean squared length (Sohn 2016)."""
    setting = Setting(cross_view(len(z0)), normalised=False)
    squared = torch.cat([z0, z1]).pow(2).sum(1).mean()
    lost = mean_over_anchors(z0, z1, lambda a: torch.log1p(torch.exp(a.x_J).sum()), setting)
    return lost + others.get("lambda", 0.002) * squared


def cauchy(z0: Tensor, z1: Tensor) -> Tensor:
    """-log k(d) / (k(d) + sum_j k(d_j)), k = 1 / (1 + squared distance), Euclidean (Bohm et al. 2023)."""

    def row(a: Anchor) -> Tensor:
        k, k_J = 1 / (1 + 2 * a.d2), 1 / (1 + 2 * a.d2_J)
        return -torch.log(k / (k + k_J.sum()))

    return mean_over_anchors(z0, z1, row, Setting(normalised=False))


def align_uniform(z0: Tensor, z1: Tensor, *, a: float = 2.0, t: float = 2.0, **others: float) -> Tensor:
    """mean |x - y|^a + lambda log mean e^(-t |x_i - x_j|^2), over pairs of one view (Wang and Isola 2020)."""
    rows = anchors(z0, z1, Setting(same_view(len(z0))))
    uniform = torch.log(torch.exp(-t * 2 * torch.cat([row.d2_J for row in rows])).mean())
    return mean_of(rows, lambda row: (2 * row.d2) ** (a / 2)) + others.get("lambda", 1.0) * uniform


def kernel_contrastive(z0: Tensor, z1: Tensor, k: Kernel, gamma: float) -> Tensor:
    """-k(positive) + gamma mean_j k(negative), k of the squared distance (Koromilas et al. 2024)."""
    setting = Setting(same_view(len(z0)))
    return mean_over_anchors(z0, z1, lambda a: -k(2 * a.d2) + gamma * k(2 * a.d2_J).mean(), setting)


def kcl_gaussian(z0: Tensor, z1: Tensor, *, t: float = 2.0, gamma: float = 16.0) -> Tensor:
    """k = e^(-t d^2)."""
    return kernel_contrastive(z0, z1, lambda x: torch.exp(-t * x), gamma)


def kcl_log(z0: Tensor, z1: Tensor, *, t: float = 2.0, gamma: float = 16.0) -> Tensor:
    """k = -log(t d^2 + 1) / 2."""
    return kernel_contrastive(z0, z1, lambda x: -torch.log(t * x + 1) / 2, gamma)


def kcl_imq(z0: Tensor, z1: Tensor, *, c: float = 2.0, gamma: float = 16.0) -> Tensor:
    """k = c / sqrt(c^2 + d^2)."""
    return kernel_contrastive(z0, z1, lambda x: c / (c**2 + x).sqrt(), gamma)


def kcl_riesz(z0: Tensor, z1: Tensor, *, p: float = 1.0, gamma: float = 16.0) -> Tensor:
    """k = -d^p, the Riesz kernel of order s = -p."""
    return kernel_contrastive(z0, z1, lambda x: -(x ** (p / 2)), gamma)


def triplet_margin(z0: Tensor, z1: Tensor, *, m: float = 0.8) -> Tensor:
    """mean_j [s_j - s + m]+ (Chen et al. 2020)."""
    return mean_over_anchors(z0, z1, lambda a: torch.relu(a.x_J + m).mean())


def triplet_semihard(z0: Tensor, z1: Tensor, *, m: float = 0.8) -> Tensor:
    """The same with the negatives farther than the positive only, others counting as zeros (Schroff et al. 2015)."""
    return mean_over_anchors(z0, z1, lambda a: torch.relu(a.x_J[a.s_J < a.s] + m).sum() / len(a.s_J))


def multi_similarity(z0: Tensor, z1: Tensor, *, a: float = 2.0, b: float = 50.0, **others: float) -> Tensor:
    """1/a log(1 + e^(-a (s - l))) + 1/b log(1 + sum_j e^(b (s_j - l))) (Wang et al. 2019), one positive."""
    centre = others.get("lambda", 1.0)

    def row(at: Anchor) -> Tensor:
        negatives = torch.exp(b * (at.s_J - centre)).sum()
        return torch.log1p(torch.exp(-a * (at.s - centre))) / a + torch.log1p(negatives) / b

    return mean_over_anchors(z0, z1, row)


def circle(z0: Tensor, z1: Tensor, *, gamma: float = 256.0, m: float = 0.25) -> Tensor:
    """log(1 + sum_j e^(gamma a_j (s_j - m)) e^(-gamma a_p (s - 1 + m))), a detached (Sun et al. 2020), one positive."""

    def row(at: Anchor) -> Tensor:
        a_J = torch.relu(at.s_J.detach() + m)
        a_p = torch.relu(1 + m - at.s.detach())
        logit_J = gamma * (a_J * (at.s_J - m) - a_p * (at.s - 1 + m))
        return -log_sigmoid(-torch.logsumexp(logit_J, 0))

    return mean_over_anchors(z0, z1, row)
