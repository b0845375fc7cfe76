"""Coordinate losses that nobody has written yet, each with its formula on paper: mean_i phi(sum_j weight_ij psi(x_ij)).

Formulas are written so that float64 holds them at every setting: with log-sum-exp where e^(2 / tau) would not fit.
"""

import math

import torch

from tests.oracles.batch import Params
from tests.properties.rows import Case, average, largest, smallest, softplus, total

TAU = "param tau = 0.5 in (0, inf)\n"
TAUS: tuple[Params, ...] = ({"tau": 0.01}, {"tau": 0.05}, {"tau": 0.5}, {"tau": 5.0})
NCE = TAU + "phi(x) = tau * log(1 + x)\npsi(x) = exp(x / tau)\n"


def lse(x_J: torch.Tensor) -> torch.Tensor:
    return torch.logsumexp(x_J, -1, keepdim=True)


COORDINATE = (
    # phi and psi
    Case(
        "renyi",
        TAU + "param g = 0.5 in (0, inf)\nphi(x) = log(x) / g\npsi(x) = exp(g * x / tau)",
        lambda a, p: lse(p.g * a.x_J / p.tau) / p.g,
        ({"tau": 0.01, "g": 3.0}, {"tau": 0.05, "g": 0.5}, {"tau": 5.0, "g": 0.01}),
    ),
    Case(
        "rince",
        TAU + "param q = 0.5 in (0, 1]\nparam lam = 0.1 in (0, inf)\n"
        "phi(x) = (lam + lam * x)^q / q\npsi(x) = exp(x / tau)",
        lambda a, p: torch.exp(p.q * (softplus(lse(a.x_J / p.tau)) + math.log(p.lam))) / p.q,
        (
            {"tau": 0.05, "q": 0.5, "lam": 0.1},
            {"tau": 0.05, "q": 1.0, "lam": 1e-3},
            {"tau": 5.0, "q": 0.01, "lam": 3.0},
        ),
    ),
    Case(
        "bounded",
        TAU + "phi(x) = 1 - 1 / (1 + x)\npsi(x) = exp(x / tau)",
        lambda a, p: torch.exp(-softplus(-lse(a.x_J / p.tau))),
        TAUS,
    ),
    Case(
        "saturated",
        TAU + "phi(x) = 1 - exp(-x)\npsi(x) = exp(x / tau)",
        lambda a, p: 1 - torch.exp(-torch.exp(lse(a.x_J / p.tau))),
        TAUS,
    ),
    Case(
        "twice_log",
        TAU + "pairs same_view\nphi(x) = log(1 + log(1 + x))\npsi(x) = exp(x / tau)",
        lambda a, p: torch.log1p(softplus(lse(a.x_J / p.tau))),
        TAUS,
    ),
    Case(
        "twice_exp",
        TAU + "phi(x) = log(x)\npsi(x) = exp(exp(x / tau))",
        lambda a, p: lse(torch.exp(a.x_J / p.tau)),
        TAUS[1:],
    ),
    Case(
        "softplus_of_log",
        TAU + "pairs cross_view\nphi(x) = softplus(log(x))\npsi(x) = exp(x / tau)",
        lambda a, p: softplus(lse(a.x_J / p.tau)),
        TAUS,
    ),
    Case(
        "root_of_softplus",
        TAU + "phi(x) = sqrt(x)\npsi(x) = softplus(x / tau)",
        lambda a, p: total(softplus(a.x_J / p.tau)).sqrt(),
        TAUS,
    ),
    Case(
        "log_of_softplus",
        TAU + "phi(x) = log(x)\npsi(x) = softplus(x / tau)^3",
        lambda a, p: lse(3 * log_softplus(a.x_J / p.tau)),
        TAUS,
    ),
    Case(
        "steep_tanh",
        "param c = 1 in (0, inf)\nphi(x) = tanh(x)\npsi(x) = tanh(c * x)",
        lambda a, p: tanh(total(tanh(p.c * a.x_J))),
        ({"c": 0.01}, {"c": 3.0}, {"c": 20.0}),
    ),
    Case(
        "sigmoids",
        TAU + "phi(x) = log(x)\npsi(x) = sigmoid(x / tau)",
        lambda a, p: lse(-softplus(-a.x_J / p.tau)),
        TAUS,
    ),
    Case(
        "student",
        "param k = 1 in (0, inf)\nparam c = 2.5 in (2, inf)\nphi(x) = log(x)\npsi(x) = 1 / (c - x)^k",
        lambda a, p: lse(-p.k * torch.log(p.c - a.x_J)),
        ({"k": 0.1, "c": 2.01}, {"k": 8.0, "c": 2.01}, {"k": 1.0, "c": 9.0}),
    ),
    Case(
        "broken_power",
        "phi(x) = (1 + x)^0.3\npsi(x) = relu(x + 0.3)^2.5",
        lambda a, p: (1 + total(torch.relu(a.x_J + 0.3) ** 2.5)) ** 0.3,
    ),
    Case(
        "shifted_power", "phi(x) = x^-0.5 * -1\npsi(x) = (x + 2.5)^3", lambda a, p: -(total((a.x_J + 2.5) ** 3) ** -0.5)
    ),
    Case(
        "two_slopes",
        "phi(x) = x\npsi(x) = max(2 * x, 0.5 * x) + min(x, 0.25) + abs(x - 0.1) + 1.5 * x",
        lambda a, p: total(
            torch.maximum(2 * a.x_J, 0.5 * a.x_J) + a.x_J.clamp_max(0.25) + (a.x_J - 0.1).abs() + 1.5 * a.x_J
        ),
    ),
    Case(
        "multi_similarity",
        "param b = 50 in (0, inf)\nparam m = 0.1 in (-2, 2)\nphi(x) = log(1 + x) / b\npsi(x) = exp(b * (x + m))",
        lambda a, p: softplus(lse(p.b * (a.x_J + p.m))) / p.b,
        ({"b": 0.1, "m": -1.0}, {"b": 50.0, "m": 0.1}, {"b": 200.0, "m": 1.0}),
    ),
    Case(
        "two_temperatures",
        "param τ = 0.5 in (0, inf)\nparam σ = 0.1 in (0, inf)\nφ(x) = τ * log(x)\nψ(x) = exp(x / τ) + exp(x / σ)",
        lambda a, p: p.tau * lse(torch.cat([a.x_J / p.tau, a.x_J / p.sigma], -1)),
        ({"tau": 5.0, "sigma": 0.01}, {"tau": 0.01, "sigma": 0.011}, {"tau": 0.05, "sigma": 0.5}),
    ),
    Case(
        "product_psi",
        TAU + "phi(x) = log(1 + x)\npsi(x) = exp(x / tau) * (x + 3)^2 + x + 2",
        lambda a, p: lse(torch.cat([a.x_J / p.tau + 2 * torch.log(a.x_J + 3), (1 + total(a.x_J + 2)).log()], -1)),
        TAUS[1:],
    ),
    Case(
        "logistic_power",
        TAU + "param k = 2 in [1, inf)\nphi(x) = x^(1 / k)\npsi(x) = sigmoid(x / tau)^k",
        lambda a, p: torch.exp(lse(-p.k * softplus(-a.x_J / p.tau)) / p.k),
        tuple({**t, "k": k} for t in TAUS for k in (1.0, 7.5)),
    ),
    # weights
    Case(
        "adnce",
        NCE + "param mu = 0.3\nparam sigma = 0.5 in (0, inf)\n"
        "h[i,j] = exp(-(s[i,j] - mu)^2 / (2 * sigma^2))\nweight[i,j] = stopgrad(h[i,j] / mean_j(h[i,j]))",
        lambda a, p: p.tau * softplus(lse(a.x_J / p.tau + adnce_log_weight(a.s_J, p.mu, p.sigma).detach())),
        tuple({**t, "mu": 0.3, "sigma": w} for t in TAUS for w in (0.05, 2.0)),
    ),
    Case(
        "adnce_through",
        NCE + "param mu = 0.3\nparam sigma = 0.5 in (0, inf)\n"
        "h[i,j] = exp(-(s[i,j] - mu)^2 / (2 * sigma^2))\nweight[i,j] = h[i,j] / mean_j(h[i,j])",
        lambda a, p: p.tau * softplus(lse(a.x_J / p.tau + adnce_log_weight(a.s_J, p.mu, p.sigma))),
        tuple({**t, "mu": 0.3, "sigma": w} for t in TAUS for w in (0.05, 2.0)),
    ),
    Case(
        "softmax_weight",
        NCE + "param t = 0.3 in (0, inf)\npairs same_view\nweight[i,j] = exp(s[i,j] / t - logsumexp_j(s[i,j] / t))",
        lambda a, p: p.tau * softplus(lse(a.x_J / p.tau + torch.log_softmax(a.s_J / p.t, -1))),
        tuple({**t, "t": w} for t in TAUS for w in (0.01, 5.0)),
    ),
    Case(
        "nearest_weight",
        NCE + "param t = 0.3 in (0, inf)\nweight[i,j] = exp((s[i,j] - max_j(s[i,j])) / t)",
        lambda a, p: p.tau * softplus(lse(a.x_J / p.tau + (a.s_J - largest(a.s_J)) / p.t)),
        tuple({**t, "t": w} for t in TAUS for w in (0.01, 5.0)),
    ),
    Case(
        "farthest_weight",
        NCE + "weight[i,j] = 1 + relu(min_j(s[i,j]) - s[i,j] + 0.4) * abs(s[i,j] - mean_j(s[i,j]))",
        lambda a, p: (
            p.tau
            * softplus(
                lse(
                    a.x_J / p.tau
                    + torch.log1p(torch.relu(smallest(a.s_J) - a.s_J + 0.4) * (a.s_J - average(a.s_J)).abs())
                )
            )
        ),
        TAUS,
    ),
    Case(
        "hardest",
        "param m = 0.2 in (0, inf)\npairs cross_view\nphi(x) = x\npsi(x) = relu(x + m)\n"
        "weight[i,j] = s[i,j] == max_j(s[i,j])",
        lambda a, p: torch.relu(largest(a.x_J) + p.m),
        ({"m": 0.01}, {"m": 2.0}),
    ),
    Case(
        "above_average",
        NCE + "weight[i,j] = where(s[i,j] > mean_j(s[i,j]), 2, 0.5)",
        lambda a, p: (
            p.tau * softplus(lse(a.x_J / p.tau + torch.where(a.s_J > average(a.s_J), 2.0, 0.5).double().log()))
        ),
        TAUS,
    ),
    Case(
        "positive_in_weight",
        NCE + "param t = 0.1 in (0, inf)\nweight[i,j] = sigmoid((s[i,j] - s[i]) / t) * exp(-d[i])",
        lambda a, p: p.tau * softplus(lse(a.x_J / p.tau - softplus(-(a.s_J - a.s) / p.t)) - a.d2.sqrt()),
        tuple({**t, "t": w} for t in TAUS for w in (0.01, 5.0)),
    ),
    Case(
        "nested",
        NCE + "c = 2^-1 + 0.5\nf(x) = log(1 + exp(x))\nu[i] = logsumexp_j(c * s[i,j] / tau)\n"
        "v[i] = tanh(mean_j(f(s[i,j] / tau)) / (1 + u[i]^2))\nweight[i,j] = 1 + f(v[i]) + sigmoid(s[i,j] - v[i])",
        lambda a, p: p.tau * softplus(lse(a.x_J / p.tau + nested_log_weight(a.s_J, p.tau))),
        TAUS,
    ),
    Case(
        "renormalised_weight",
        NCE + "w[i,j] = (1.5 + s[i,j])^3\nweight[i,j] = w[i,j] / sum_j(w[i,j])",
        lambda a, p: (
            p.tau * softplus(lse(a.x_J / p.tau + 3 * torch.log(1.5 + a.s_J) - total((1.5 + a.s_J) ** 3).log()))
        ),
        TAUS,
    ),
)


def tanh(x: torch.Tensor) -> torch.Tensor:
    """With a derivative that keeps its digits where the function is flat."""
    return 1 - 2 / (torch.exp(2 * x) + 1)


def log_softplus(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x < -30, x, torch.log(torch.nn.functional.softplus(x.clamp_min(-30), threshold=50)))


def adnce_log_weight(s_J: torch.Tensor, mu: float, sigma: float) -> torch.Tensor:
    logit_J = -((s_J - mu) ** 2) / (2 * sigma**2)
    return logit_J - lse(logit_J) + math.log(s_J.shape[-1])


def nested_log_weight(s_J: torch.Tensor, tau: float) -> torch.Tensor:
    def f(x: torch.Tensor) -> torch.Tensor:
        return torch.logaddexp(x, torch.zeros_like(x))

    v = torch.tanh(average(f(s_J / tau)) / (1 + lse(s_J / tau) ** 2))
    return torch.log(1 + f(v) + torch.sigmoid(s_J - v))
