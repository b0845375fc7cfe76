"""General losses that nobody has written yet, each with its formula on paper, for every index set and both spaces."""

import torch
from torch import Tensor

from tests.properties.general_rows import Case, Row, Rows, each, logsumexp_i, mean_i, sum_i
from tests.properties.rows import softplus

NCE = "loss nce {\nSETTING\nparam tau = 0.6 in (0, inf)\nphi(x) = tau * log(1 + x)\npsi(x) = exp(x / tau)\n}\n"


def lse(x_J: Tensor) -> Tensor:
    return torch.logsumexp(x_J, 0)


def weighted_by_ease(rows: Rows, sigma: Tensor) -> list[Tensor]:
    """DCLW, its temperature for the weights learned."""
    ease = [(r.s / sigma).exp() for r in rows]
    whole = mean_i(ease, rows)
    return [(2 - w / whole) * (-r.s / 0.5) + lse(r.s_J / 0.5) for r, w in zip(rows, ease, strict=True)]


def adaptive(rows: Rows, slope: Tensor) -> list[Tensor]:
    """MACL: a temperature that follows the mean cosine of the positives."""
    tau = 0.5 * (1 + slope * torch.tanh(mean_i([r.s for r in rows], rows)))
    return [tau * softplus(lse((r.s_J - r.s) / tau)) for r in rows]


def held_softmax(r: Row) -> Tensor:
    q_J = (r.s_J / 0.7).exp().detach()
    return -r.s * q_J.mean() + (q_J * r.s_J).sum() / q_J.sum()


def circle(r: Row, g: Tensor) -> Tensor:
    push_J = torch.relu(r.s_J + 0.25).detach() * (r.s_J - 0.25)
    pull = torch.relu(1.25 - r.s).detach() * (r.s - 0.75)
    return softplus(lse(g * push_J) - g * pull)


def apart_from_mean(rows: Rows) -> list[Tensor]:
    means = [r.s_J.mean() for r in rows]
    whole = mean_i(means, rows)
    return [-r.s + (r.s_J - m).square().mean() + (m - whole) ** 2 for r, m in zip(rows, means, strict=True)]


def rank_one(rows: Rows, tau: Tensor) -> list[Tensor]:
    w = [(-r.d2_J / tau).exp().sum() for r in rows]
    whole, mean = sum_i(w, rows), mean_i(w, rows)
    return [each_w / whole * r.d2 - r.d_J.mean() * each_w.detach() / mean for each_w, r in zip(w, rows, strict=True)]


def debiased(r: Row, prior: Tensor) -> Tensor:
    corrected = (r.s_J.exp().sum() - r.count * prior * r.s.exp()) / (1 - prior)
    g = torch.maximum(corrected, r.count * torch.exp(torch.tensor(-2.0, dtype=torch.float64)))
    return -torch.log(r.s.exp() / (r.s.exp() + g))


def thrice(rows: Rows, t: Tensor) -> list[Tensor]:
    middle = mean_i([r.s for r in rows], rows)
    u = [lse(t * r.s_J - middle) for r in rows]
    spread, top = mean_i([x**2 for x in u], rows), logsumexp_i([torch.tanh(x) for x in u], rows)
    return [x + spread * r.d2 - top for x, r in zip(u, rows, strict=True)]


def with_alpha(r: Row, k: Tensor) -> Tensor:
    odds_J = ((r.d2 - r.d2_J) / 0.6).exp()
    alpha_J = (odds_J / (1 + odds_J.sum())).detach()
    return r.d2 * alpha_J.sum() - (alpha_J * r.d_J**k).sum()


def nce(r: Row, tau: float | Tensor) -> Tensor:
    return tau * softplus(lse((r.d2 - r.d2_J) / tau))


def through_both(rows: Rows, t: Tensor, b: Tensor) -> list[Tensor]:
    pulled = t * mean_i([r.s * t for r in rows], rows)
    return [pulled + torch.tanh(t * r.s_J + b).sum() - b.exp() * r.s for r in rows]


GENERAL = (
    Case(
        "sigmoids",
        "learn t = 1.1\nlearn b = -0.7\nloss[i] = softplus(-(t * s[i] + b)) + sum_j(softplus(t * s[i,j] + b))",
        each(lambda r, p: softplus(-(p.t * r.s + p.b)) + softplus(p.t * r.s_J + p.b).sum()),
        {"t": 1.1, "b": -0.7},
    ),
    Case(
        "learned_temperature",
        "learn tau = 0.3 in (0, inf)\nloss[i] = softplus(logsumexp_j((s[i,j] - s[i]) / tau))",
        each(lambda r, p: softplus(lse((r.s_J - r.s) / p.tau))),
        {"tau": 0.3},
    ),
    Case(
        "ease",
        "learn sig = 0.8 in (0.1, inf)\nw[i] = exp(s[i] / sig) / mean_i(exp(s[i] / sig))\n"
        "loss[i] = (2 - w[i]) * (-s[i] / 0.5) + logsumexp_j(s[i,j] / 0.5)",
        lambda rows, p: weighted_by_ease(rows, p.sig),
        {"sig": 0.8},
    ),
    Case(
        "uniform",
        "learn t = 1.5 in (0, 4)\nloss[i] = d[i]^2 + 0.3 * log(mean_i(mean_j(exp(-t * d[i,j]^2))))",
        lambda rows, p: [r.d2 + 0.3 * mean_i([(-p.t * q.d2_J).exp().mean() for q in rows], rows).log() for r in rows],
        {"t": 1.5},
    ),
    Case(
        "batch_logsumexp",
        "loss[i] = -s[i] + logsumexp_i(logsumexp_j(s[i,j] / 0.9)) - mean_i(d[i])",
        lambda rows, p: [
            -r.s + logsumexp_i([lse(q.s_J / 0.9) for q in rows], rows) - mean_i([q.d for q in rows], rows) for r in rows
        ],
    ),
    Case(
        "batch_sums",
        "loss[i] = d[i]^2 * sum_i(exp(-d[i])) / (1 + sum_i(mean_j(d[i,j])))",
        lambda rows, p: [
            r.d2 * sum_i([(-q.d).exp() for q in rows], rows) / (1 + sum_i([q.d_J.mean() for q in rows], rows))
            for r in rows
        ],
    ),
    Case(
        "adaptive",
        "learn a = 0.3 in (-0.9, 0.9)\nu = 0.5 * (1 + a * tanh(mean_i(s[i])))\n"
        "loss[i] = u * softplus(logsumexp_j((s[i,j] - s[i]) / u))",
        lambda rows, p: adaptive(rows, p.a),
        {"a": 0.3},
    ),
    Case(
        "held",
        "q[i,j] = stopgrad(exp(s[i,j] / 0.7))\n"
        "loss[i] = -s[i] * mean_j(q[i,j]) + sum_j(q[i,j] * s[i,j]) / sum_j(q[i,j])",
        each(lambda r, p: held_softmax(r)),
    ),
    Case(
        "circles",
        "learn g = 2 in (0, inf)\npush[i,j] = stopgrad(relu(s[i,j] + 0.25)) * (s[i,j] - 0.25)\n"
        "loss[i] = softplus(logsumexp_j(g * push[i,j]) - g * stopgrad(relu(1.25 - s[i])) * (s[i] - 0.75))",
        each(lambda r, p: circle(r, p.g)),
        {"g": 2.0},
    ),
    Case(
        "hardest",
        "learn m = 0.2 in (-inf, 1)\nloss[i] = max_j(relu(s[i,j] - s[i] + m)) + 0.1 * min_j(d[i,j])",
        each(lambda r, p: torch.relu(r.s_J - r.s + p.m).max() + 0.1 * r.d_J.min()),
        {"m": 0.2},
    ),
    Case("squares", "loss[i] = -2 * s[i] + mean_j(s[i,j]^2)", each(lambda r, p: -2 * r.s + r.s_J.square().mean())),
    Case(
        "student",
        "learn nu = 1.5 in (0, inf)\nloss[i] = nu * log(1 + d[i]^2 / nu) + log(mean_j((1 + d[i,j]^2 / nu)^(-nu)))",
        each(lambda r, p: p.nu * (1 + r.d2 / p.nu).log() + ((1 + r.d2_J / p.nu) ** -p.nu).mean().log()),
        {"nu": 1.5},
    ),
    Case(
        "margin",
        "loss[i] = d[i]^2 + sum_j(where(d[i,j] < 0.7123, (0.7123 - d[i,j])^2, 0))",
        each(lambda r, p: r.d2 + torch.where(r.d_J < 0.7123, (0.7123 - r.d_J) ** 2, 0.0).sum()),
    ),
    Case(
        "counted",
        "loss[i] = count[i]^0.5 * d[i]^2 + logsumexp_j(-d[i,j]^2 / 0.4) - log(count[i])",
        each(lambda r, p: r.count**0.5 * r.d2 + lse(-r.d2_J / 0.4) - torch.tensor(float(r.count)).double().log()),
    ),
    Case(
        "nested",
        "learn tau = 0.5 in (0, inf)\nloss[i] = logsumexp_j(s[i,j] / (tau * mean_j(softplus(s[i,j])))) - s[i]",
        each(lambda r, p: lse(r.s_J / (p.tau * softplus(r.s_J).mean())) - r.s),
        {"tau": 0.5},
    ),
    Case(
        "spread",
        "m[i] = mean_j(s[i,j])\nloss[i] = -s[i] + mean_j((s[i,j] - m[i])^2) + (m[i] - mean_i(m[i]))^2",
        lambda rows, p: apart_from_mean(rows),
    ),
    Case(
        "rank",
        "learn tau = 0.5 in (0, inf)\nw[i] = sum_j(exp(-d[i,j]^2 / tau))\n"
        "loss[i] = w[i] / sum_i(w[i]) * d[i]^2 - mean_j(d[i,j]) * stopgrad(w[i]) / mean_i(w[i])",
        lambda rows, p: rank_one(rows, p.tau),
        {"tau": 0.5},
    ),
    Case(
        "robust",
        "learn q = 0.4 in (0, 1)\nloss[i] = -exp(q * s[i]) / q + (0.1 * (exp(s[i]) + sum_j(exp(s[i,j]))))^q / q",
        each(lambda r, p: -(p.q * r.s).exp() / p.q + (0.1 * (r.s.exp() + r.s_J.exp().sum())) ** p.q / p.q),
        {"q": 0.4},
    ),
    Case(
        "prior",
        "learn c = 0.1 in (0, 0.5)\n"
        "g[i] = max((sum_j(exp(s[i,j])) - count[i] * c * exp(s[i])) / (1 - c), count[i] * exp(-2))\n"
        "loss[i] = -log(exp(s[i]) / (exp(s[i]) + g[i]))",
        each(lambda r, p: debiased(r, p.c)),
        {"c": 0.1},
    ),
    Case(
        "both_sides",
        "learn l = 0.4\nloss[i] = log(1 + exp(-2 * (s[i] - l))) / 2 + log(1 + sum_j(exp(5 * (s[i,j] - l)))) / 5",
        each(lambda r, p: softplus(-2 * (r.s - p.l)) / 2 + softplus(lse(5 * (r.s_J - p.l))) / 5),
        {"l": 0.4},
    ),
    Case(
        "powers",
        "learn p = 1.3 in (0.5, 4)\nlearn m = 0.1\nloss[i] = mean_j(softplus((d[i]^p - d[i,j]^p + m) / 0.3))",
        each(lambda r, p: softplus((r.d**p.p - r.d_J**p.p + p.m) / 0.3).mean()),
        {"p": 1.3, "m": 0.1},
    ),
    Case(
        "riesz",
        "learn p = 0.8 in (0, inf)\nloss[i] = d[i]^p + mean_j(1 / (0.1 + d[i,j]^p))",
        each(lambda r, p: r.d**p.p + (1 / (0.1 + r.d_J**p.p)).mean()),
        {"p": 0.8},
    ),
    Case(
        "even",
        "loss[i] = (d[i]^2 - stopgrad(mean_i(d[i]^2)))^2 + logsumexp_j(-d[i,j] / 0.4)",
        lambda rows, p: [(r.d2 - mean_i([q.d2 for q in rows], rows).detach()) ** 2 + lse(-r.d_J / 0.4) for r in rows],
    ),
    Case(
        "thrice",
        "learn t = 1.2\nu[i] = logsumexp_j(t * s[i,j] - mean_i(s[i]))\n"
        "loss[i] = u[i] + mean_i(u[i]^2) * d[i]^2 - logsumexp_i(tanh(u[i]))",
        lambda rows, p: thrice(rows, p.t),
        {"t": 1.2},
    ),
    Case(
        "borrowed",
        "learn k = 3 in (0, inf)\nloss[i] = d[i]^2 * sum_j(nce.alpha[i,j]) - sum_j(nce.alpha[i,j] * d[i,j]^k)",
        each(lambda r, p: with_alpha(r, p.k)),
        {"k": 3.0},
        NCE,
    ),
    Case(
        "two_of_one",
        "learn t = 0.9 in (0, inf)\nloss[i] = 0.7 * nce.loss[i] - 0.2 * nce(tau = t).loss[i]",
        each(lambda r, p: 0.7 * nce(r, 0.6) - 0.2 * nce(r, p.t)),
        {"t": 0.9},
        NCE,
    ),
    Case(
        "everywhere",
        "learn t = 0.7\nlearn b = -0.2\nloss[i] = t * mean_i(s[i] * t) + sum_j(tanh(t * s[i,j] + b)) - exp(b) * s[i]",
        lambda rows, p: through_both(rows, p.t, p.b),
        {"t": 0.7, "b": -0.2},
    ),
)
