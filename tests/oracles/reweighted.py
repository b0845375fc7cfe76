"""Oracles of the InfoNCE kin that came after the alpha-CL paper: other index sets, other weights, other temperatures.

In: the raw embeddings of two views, labels or a queue where the paper has them, and the loss's parameters. Out: a
float64 scalar that autograd can differentiate, by learned parameters too. Exponentials stand as written, which float64
takes. Nothing is refused.
"""

import torch
from torch import Tensor

from tests.oracles.batch import Anchor, Setting, anchors, mean_of, mean_over_anchors
from tests.oracles.coordinate import log_of_sum
from tests.oracles.index_sets import cross_view, labelled, queued, same_view

Number = float | Tensor


def cross_entropy(a: Anchor, tau: Number) -> Tensor:
    """-log of the softmax share of the positive among it and the negatives."""
    return torch.log1p(torch.exp(a.x_J / tau).sum())


def moco(z0: Tensor, z1: Tensor, queue: Tensor, *, tau: float = 0.07, eps: float = 1.0) -> Tensor:
    """Queries against their keys and a queue (He et al. 2020), times tau."""
    setting = Setting(queued(len(z0), len(queue)), queue=queue)
    return mean_over_anchors(z0, z1, lambda a: tau * log_of_sum(eps, torch.exp(a.x_J / tau).sum()), setting)


def clip(z0: Tensor, z1: Tensor, *, t: Number = 2.6593) -> Tensor:
    """Cross-entropy of images over texts and of texts over images, averaged (Radford et al. 2021)."""
    scale = torch.as_tensor(t, dtype=torch.float64).exp()
    return mean_over_anchors(z0, z1, lambda a: cross_entropy(a, 1 / scale), Setting(cross_view(len(z0))))


def infonce_learned(z0: Tensor, z1: Tensor, *, tau: Number = 0.1) -> Tensor:
    """Cross-entropy over two views, its temperature learned."""
    return mean_over_anchors(z0, z1, lambda a: cross_entropy(a, tau))


def infonce_cosine(z0: Tensor, z1: Tensor, *, tau: float = 0.1, eps: float = 1.0) -> Tensor:
    """InfoNCE at the temperature where the schedule starts (Kukleva et al. 2023), times tau."""
    return mean_over_anchors(z0, z1, lambda a: tau * log_of_sum(eps, torch.exp(a.x_J / tau).sum()))


def infoloob(z0: Tensor, z1: Tensor, *, tau: float = 1 / 30, eps: float = 0.0) -> Tensor:
    """tau (-s / tau + log sum_j exp(s_j / tau)), the positive left out, cross-modal (Furst et al. 2022)."""
    setting = Setting(cross_view(len(z0)))
    return mean_over_anchors(z0, z1, lambda a: tau * log_of_sum(eps, torch.exp(a.x_J / tau).sum()), setting)


def dhel(z0: Tensor, z1: Tensor, *, tau: float = 0.3) -> Tensor:
    """-s / tau + log sum_j exp(s_j / tau) over the anchor's own view (Koromilas et al. 2024)."""
    setting = Setting(same_view(len(z0)))
    return mean_over_anchors(z0, z1, lambda a: -a.s / tau + torch.log(torch.exp(a.s_J / tau).sum()), setting)


def flatnce(z0: Tensor, z1: Tensor, *, tau: float = 0.5) -> Tensor:
    """exp(v - sg v), v = log sum_j exp(x_j / tau) (Chen et al. 2021)."""

    def row(a: Anchor) -> Tensor:
        v = torch.log(torch.exp(a.x_J / tau).sum())
        return torch.exp(v - v.detach())

    return mean_over_anchors(z0, z1, row)


def dclw(z0: Tensor, z1: Tensor, *, tau: float = 0.1, sigma: float = 0.5) -> Tensor:
    """DCL with the positive weighted by 2 - N softmax_i(s_i / sigma), detached (Yeh et al. 2022)."""
    rows = anchors(z0, z1)
    v_A = torch.exp(torch.stack([a.s for a in rows]).detach() / sigma)
    weights = dict(zip(map(id, rows), 2 - v_A / v_A.mean(), strict=True))
    return mean_of(rows, lambda a: -weights[id(a)] * a.s / tau + torch.log(torch.exp(a.s_J / tau).sum()))


def debiased(z0: Tensor, z1: Tensor, *, tau: float = 0.5, tau_plus: float = 0.1) -> Tensor:
    """-log p / (p + g), g the debiased estimate of the negatives, at least N e^(-1 / tau) (Chuang et al. 2020)."""
    return hard_negative(z0, z1, tau=tau, tau_plus=tau_plus, beta=0.0)


def hard_negative(z0: Tensor, z1: Tensor, *, tau: float = 0.5, tau_plus: float = 0.1, beta: float = 1.0) -> Tensor:
    """The same with negatives weighted by n^beta / mean n^beta, not detached (Robinson et al. 2021).

    Written relative to the positive, p = 1: both sides of the clamp are divided by exp(s / tau).
    """

    def row(a: Anchor) -> Tensor:
        h_J = torch.exp(beta * a.s_J / tau)
        negatives = (h_J * torch.exp(a.x_J / tau)).sum() / h_J.mean()
        count = len(a.s_J)
        estimate = (negatives - tau_plus * count) / (1 - tau_plus)
        floor = count * torch.exp((-1 - a.s) / tau)
        return torch.log1p(estimate if estimate > floor else floor)

    return mean_over_anchors(z0, z1, row)


def adnce(z0: Tensor, z1: Tensor, *, tau: float = 0.5, eps: float = 1.0, mu: float = 0.7, sigma: float = 1.0) -> Tensor:
    """InfoNCE with Gaussian weights of row mean one on the negatives, detached (Wu et al. 2023), times tau."""

    def row(a: Anchor) -> Tensor:
        z_J = (a.s_J.detach() - mu) ** 2 / (2 * sigma**2)
        h_J = torch.exp(z_J.min() - z_J)
        return tau * log_of_sum(eps, (h_J / h_J.mean() * torch.exp(a.x_J / tau)).sum())

    return mean_over_anchors(z0, z1, row)


def macl(z0: Tensor, z1: Tensor, *, tau: float = 0.1, a: float = 0.5, A0: float = 0.0) -> Tensor:
    """-sg(1 / (1 - P)) log P at the temperature tau (1 + a (A - A0)), A the mean positive cosine, detached."""
    rows = anchors(z0, z1)
    alignment = torch.stack([row.s for row in rows]).mean().detach()
    t = tau * (1 + a * (alignment - A0))

    def loss(row: Anchor) -> Tensor:
        negatives = torch.exp(row.x_J / t).sum()
        return torch.log1p(negatives) / (negatives / (1 + negatives)).detach()

    return mean_of(rows, loss)


def supcon(z0: Tensor, z1: Tensor, labels: Tensor, *, tau: float = 0.07, eps: float = 1.0) -> Tensor:
    """L_out: minus the mean over positives of log exp(s_p) / sum over all others (Khosla et al. 2020), times tau."""
    setting = Setting(labelled(labels.tolist(), against_classes=False))
    return mean_over_anchors(z0, z1, lambda a: tau * log_of_sum(eps, torch.exp(a.x_J / tau).sum()), setting)


def eps_supinfonce(z0: Tensor, z1: Tensor, labels: Tensor, *, tau: float = 0.07, eps: float = 0.25) -> Tensor:
    """-log exp(s_p) / (exp(s_p - eps) + sum over other classes), s over tau (Barbano et al. 2023), times tau."""
    setting = Setting(labelled(labels.tolist(), against_classes=True))
    margin = torch.exp(torch.tensor(-eps, dtype=torch.float64)).item()
    return mean_over_anchors(z0, z1, lambda a: tau * log_of_sum(margin, torch.exp(a.x_J / tau).sum()), setting)


def ring(z0: Tensor, z1: Tensor, *, tau: float = 0.5, low: float = 0.0, high: float = 0.9) -> Tensor:
    """InfoNCE over the negatives with a cosine in [low, high] (after Wu et al. 2021), times tau."""

    def row(a: Anchor) -> Tensor:
        kept_J = (a.s_J >= low) & (a.s_J <= high)
        return tau * torch.log1p(torch.exp(a.x_J[kept_J] / tau).sum())

    return mean_over_anchors(z0, z1, row)


def truncated(z0: Tensor, z1: Tensor, *, tau: float = 0.5, k: float = 1.28) -> Tensor:
    """InfoNCE over the negatives at most k standard deviations above the mean cosine of the row, times tau."""

    def row(a: Anchor) -> Tensor:
        kept_J = a.s_J <= a.s_J.mean() + k * a.s_J.std(correction=0)
        return tau * torch.log1p(torch.exp(a.x_J[kept_J] / tau).sum())

    return mean_over_anchors(z0, z1, row)
