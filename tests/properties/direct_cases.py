"""Direct losses that nobody has written yet, each with its formula on paper: mean_i sum_j alpha_ij (d_i^2 - d_ij^2),
alpha held fixed or differentiated, as stated or with rows made to sum to one."""

import torch

from tests.oracles.batch import Anchor, Params
from tests.properties.rows import Case, Formula, average, held, largest, shared, smallest, softplus, through, total

TAU = "param tau = 0.5 in (0, inf)\n"
TAUS: tuple[Params, ...] = ({"tau": 0.01}, {"tau": 0.05}, {"tau": 0.5}, {"tau": 5.0})
THROUGH = "\ngradient through alpha"


def normalised(weight_J: torch.Tensor) -> torch.Tensor:
    whole = total(weight_J)
    return torch.where(whole > 0, weight_J / torch.where(whole > 0, whole, 1.0), 0.0)


def both(name: str, text: str, alpha_J: Formula, settings: tuple[Params, ...] = ({},)) -> tuple[Case, Case]:
    """The same alpha, held fixed and differentiated."""
    return (
        Case(name, text, lambda a, p: held(alpha_J(a, p), a), settings),
        Case(name + "_through", text + THROUGH, lambda a, p: through(alpha_J(a, p), a), settings),
    )


STATED = (
    *both("laplace", TAU + "alpha[i,j] = exp(-d[i,j] / tau)", lambda a, p: torch.exp(-a.d2_J.sqrt() / p.tau), TAUS[1:]),
    *both(
        "cauchy", TAU + "pairs same_view\nalpha[i,j] = 1 / (d[i,j]^2 + tau)", lambda a, p: 1 / (a.d2_J + p.tau), TAUS
    ),
    *both(
        "gate",
        TAU + "param m = 0.5\nalpha[i,j] = sigmoid((m - d[i,j]^2) / tau)",
        lambda a, p: torch.sigmoid((p.m - a.d2_J) / p.tau),
        tuple({**t, "m": m} for t in TAUS for m in (-0.5, 0.9)),
    ),
    *both(
        "hinge_power",
        "param k = 2 in [1, inf)\nalpha[i,j] = relu(1.3 - d[i,j]^2)^k",
        lambda a, p: torch.relu(1.3 - a.d2_J) ** p.k,
        ({"k": 1.0}, {"k": 2.5}, {"k": 9.0}),
    ),
    *both(
        "band",
        "alpha[i,j] = (s[i,j] > -0.4) * (s[i,j] <= 0.6) + where(d[i,j] >= d[i], 1, 0.5)",
        lambda a, p: (a.s_J > -0.4).double() * (a.s_J <= 0.6) + torch.where(a.d2_J >= a.d2, 1.0, 0.5).double(),
    ),
    *both(
        "everything",
        TAU + "pairs cross_view\nf(x) = softplus(x) + abs(tanh(x))\n"
        "alpha[i,j] = max(sqrt(d[i,j]), min(f(s[i,j] / tau), 1 + relu(s[i,j])))"
        " + log(1 + d[i,j]^3) + stopgrad(2^s[i,j])",
        lambda a, p: everything(a, p.tau),
        TAUS,
    ),
    Case("constant", "pairs same_view\nalpha[i,j] = 0.25", lambda a, p: held(torch.full_like(a.d2_J, 0.25), a)),
    Case("even", "pairs cross_view\nalpha[i,j] ~ 3", lambda a, p: average(a.x_J)),
    *both(
        "relative",
        "alpha[i,j] = exp(s[i,j] - max_j(s[i,j])) / (1 + d[i]^2 + min_j(d[i,j]^2))",
        lambda a, p: torch.exp(a.s_J - largest(a.s_J)) / (1 + a.d2 + smallest(a.d2_J)),
    ),
    *both(
        "mean_scaled",
        TAU + "alpha[i,j] = exp(s[i,j] / tau) / mean_j(exp(s[i,j] / tau))",
        lambda a, p: shared(a.s_J / p.tau) * a.s_J.shape[-1],
        TAUS,
    ),
    *both(
        "gauss_poly",
        TAU + "param q = 1 in [0, inf)\nalpha[i,j] = exp(-d[i,j]^3 / tau) * (1 + d[i,j])^(-q)",
        lambda a, p: torch.exp(-(a.d2_J**1.5) / p.tau) * (1 + a.d2_J.sqrt()) ** -p.q,
        tuple({**t, "q": q} for t in TAUS[1:] for q in (0.0, 4.0)),
    ),
)

PROPORTIONAL = (
    *both(
        "student_rows",
        "param nu = 1 in (0, inf)\nalpha[i,j] ~ (1 + d[i,j]^2 / nu)^(-(nu + 1) / 2)",
        lambda a, p: shared(-(p.nu + 1) / 2 * torch.log1p(a.d2_J / p.nu)),
        ({"nu": 0.01}, {"nu": 1.0}, {"nu": 50.0}),
    ),
    *both(
        "floor",
        TAU + "param c = 0.1 in [0, inf)\nalpha[i,j] ~ c + exp(-d[i,j]^4 / tau)",
        lambda a, p: normalised(p.c + torch.exp(-(a.d2_J**2) / p.tau)),
        tuple({**t, "c": c} for t in TAUS[1:] for c in (1e-4, 3.0)),
    ),
    *both(
        "two_scales",
        "param sigma = 0.1 in (0, inf)\nparam tau = 1 in (0, inf)\n"
        "alpha[i,j] ~ exp(s[i,j] / tau) + exp(s[i,j] / sigma)",
        lambda a, p: normalised(
            torch.exp((a.s_J - 1) / p.tau + 1 / p.tau - 1 / p.sigma) + torch.exp((a.s_J - 1) / p.sigma)
        ),
        ({"tau": 0.011, "sigma": 0.01}, {"tau": 5.0, "sigma": 0.05}, {"tau": 5.0, "sigma": 0.5}),
    ),
    *both(
        "root_distance",
        TAU + "alpha[i,j] ~ exp(-sqrt(d[i,j]) / tau)",
        lambda a, p: shared(-(a.d2_J**0.25) / p.tau),
        TAUS,
    ),
    *both(
        "cutoff",
        "param m = 0.5\nalpha[i,j] ~ relu(m - d[i,j]^2)",
        lambda a, p: normalised(torch.relu(p.m - a.d2_J)),
        ({"m": 0.4}, {"m": 0.9}, {"m": 1.8}),
    ),
    *both(
        "soft_cutoff",
        TAU + "pairs cross_view\nalpha[i,j] ~ softplus((0.5 - d[i,j]^2) / tau)",
        lambda a, p: shared(log_softplus((0.5 - a.d2_J) / p.tau)),
        TAUS,
    ),
    *both(
        "adaptive",
        TAU + "alpha[i,j] ~ exp(-d[i,j]^2 / (tau * (0.1 + mean_j(d[i,j]^2))))",
        lambda a, p: shared(-a.d2_J / (p.tau * (0.1 + average(a.d2_J)))),
        TAUS,
    ),
    *both(
        "by_positive",
        TAU + "pairs same_view\nalpha[i,j] ~ exp(-d[i,j]^2 / (tau * (0.1 + d[i]^2)))",
        lambda a, p: shared(-a.d2_J / (p.tau * (0.1 + a.d2))),
        TAUS,
    ),
    *both(
        "stopped_scale",
        TAU + "alpha[i,j] ~ exp(-d[i,j]^2 / stopgrad(tau * (0.1 + mean_j(d[i,j]^2)))) * (2 + s[i,j])",
        lambda a, p: shared(-a.d2_J / (p.tau * (0.1 + average(a.d2_J))).detach() + torch.log(2 + a.s_J)),
        TAUS,
    ),
    *both(
        "ring",
        TAU + "alpha[i,j] ~ exp(-abs(d[i,j]^2 - 0.7) / tau)",
        lambda a, p: shared(-(a.d2_J - 0.7).abs() / p.tau),
        TAUS,
    ),
    *both(
        "powers",
        "param p = 4 in (0, inf)\nalpha[i,j] ~ d[i,j]^p",
        lambda a, p: shared(p.p / 2 * torch.log(a.d2_J)),
        ({"p": 0.01}, {"p": 1.0}, {"p": 2.5}, {"p": 60.0}),
    ),
    *both(
        "sigmoid_rows",
        TAU + "alpha[i,j] ~ sigmoid((s[i,j] - s[i]) / tau)^2",
        lambda a, p: shared(-2 * softplus(-a.x_J / p.tau)),
        TAUS,
    ),
    *both(
        "log_rows",
        TAU + "alpha[i,j] ~ log(1 + exp(-d[i,j]^2 / tau))",
        lambda a, p: shared(log_log1p_exp(-a.d2_J / p.tau)),
        TAUS,
    ),
    *both(
        "max_min_rows",
        TAU + "alpha[i,j] ~ max(exp(s[i,j] / tau), min(exp(0.2 / tau), exp(2 * s[i,j] / tau)))",
        lambda a, p: shared(torch.maximum(a.s_J, torch.minimum(torch.full_like(a.s_J, 0.2), 2 * a.s_J)) / p.tau),
        TAUS,
    ),
)
DIRECT = STATED + PROPORTIONAL


def log_softplus(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x < -30, x, torch.log(torch.logaddexp(x.clamp_min(-30), torch.zeros_like(x))))


log_log1p_exp = log_softplus


def everything(a: Anchor, tau: float) -> torch.Tensor:
    x_J = a.s_J / tau
    f_J = torch.logaddexp(x_J, torch.zeros_like(x_J)) + torch.tanh(x_J).abs()
    inner_J = torch.minimum(f_J, 1 + torch.relu(a.s_J))
    return torch.maximum(a.d2_J**0.25, inner_J) + torch.log1p(a.d2_J**1.5) + (2**a.s_J).detach()
