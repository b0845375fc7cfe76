"""The min player by brute force: half squared distances of one anchor in, the alpha on the simplex that
minimises sum_j alpha_j d_j^2 - sum_j r(alpha_j) out, as plain floats.

Stationarity says d_j^2 - r'(alpha_j) = mu wherever alpha_j > 0, so alpha_j is a known function of mu -
d_j^2 and only the multiplier mu is sought, such that the row sums to one. It is bisected until float64 has
no number between the bounds. It is measured from the nearest negative, whose alpha then lies between 1/J
and 1: that brackets it. Nothing is refused.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Scalar = Callable[[float], float]


def bisect(total: Scalar, low: float, high: float) -> float:
    """The root of total(mu) = 1 for a non-decreasing `total` with total(low) <= 1 <= total(high)."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if total(middle) < 1 else (low, middle)
    return high


def on_simplex(share: Scalar, slope: Scalar, d2: Sequence[float]) -> list[float]:
    """alpha_j = share(mu - d_j^2) for the mu at which it sums to one; `slope` is r', `share` undoes -r'."""
    nearest = min(d2)
    farther = [d2_j - nearest for d2_j in d2]

    def alpha(mu: float) -> list[float]:
        return [share(mu - d2_j) for d2_j in farther]

    return alpha(bisect(lambda mu: sum(alpha(mu)), -slope(1 / len(d2)), -slope(1.0)))


def entropy_alpha(d2_J: Tensor, tau: float) -> Tensor:
    """r(a) = -tau a log a, so r' = -tau (log a + 1) and a = exp((mu - d^2) / tau - 1)."""
    alpha = on_simplex(lambda t: math.exp(t / tau - 1), lambda a: -tau * (math.log(a) + 1), d2_J.tolist())
    return torch.tensor(alpha, dtype=torch.float64)


def inverse_alpha(d2_J: Tensor, tau: float, gamma: float) -> Tensor:
    """r(a) = tau a^(1-gamma) / (1-gamma), so r' = tau a^-gamma and a = (tau / (d^2 - mu))^(1/gamma)."""
    alpha = on_simplex(lambda t: (-tau / t) ** (1 / gamma), lambda a: tau * a**-gamma, d2_J.tolist())
    return torch.tensor(alpha, dtype=torch.float64)


def square_alpha(d2_J: Tensor, tau: float) -> Tensor:
    """r(a) = -tau a^2 / 2, so r' = -tau a and a = [mu - d^2]+ / tau."""
    alpha = on_simplex(lambda t: max(t, 0.0) / tau, lambda a: -tau * a, d2_J.tolist())
    return torch.tensor(alpha, dtype=torch.float64)


def entmax_alpha(d2_J: Tensor, tau: float, q: float) -> Tensor:
    """r(a) = tau (a - a^q) / (q (q-1)), so r' = tau (1 - q a^(q-1)) / (q (q-1)), and 1/q of it is undone by a root."""

    def share(t: float) -> float:
        return max(1 / q + (q - 1) * t / tau, 0.0) ** (1 / (q - 1))

    alpha = on_simplex(share, lambda a: tau * (1 - q * a ** (q - 1)) / (q * (q - 1)), d2_J.tolist())
    return torch.tensor(alpha, dtype=torch.float64)
