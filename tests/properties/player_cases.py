"""Min players that nobody has written yet: the spec of R, and its slope R' written by hand. Alpha is solved for here
by bisection within bisection, from the optimality condition R'(alpha_j) = d_j^2 + lambda where alpha_j > 0.
"""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import torch
from numpy.typing import NDArray

from tests.oracles.batch import Params
from tests.properties.rows import Case, held

Array = NDArray[np.float64]
Slope = Callable[[Array, SimpleNamespace], Array]
TAU = "param tau = 0.5 in (0, inf)\n"
TAUS: tuple[Params, ...] = ({"tau": 0.01}, {"tau": 0.5}, {"tau": 5.0})
DEEPEST = -700.0
HALVINGS = 60


def solve(slope: Callable[[Array], Array], d2_AJ: Array) -> Array:
    """alpha (A, J) on the simplex, with its relative digits kept however small: log(alpha) is what is bisected."""
    cost_AJ = d2_AJ - d2_AJ.min(1, keepdims=True)

    def bought(price_AJ: Array) -> Array:
        low, high = np.full_like(price_AJ, DEEPEST), np.zeros_like(price_AJ)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            cheap = slope(np.exp(middle)) > price_AJ
            low, high = np.where(cheap, middle, low), np.where(cheap, high, middle)
        alpha_AJ = np.exp((low + high) / 2)
        return np.where(slope(np.full_like(price_AJ, np.exp(DEEPEST))) <= price_AJ, 0.0, alpha_AJ)

    one_A1 = np.ones_like(d2_AJ[:, :1])
    low, high = slope(one_A1), slope(one_A1 / d2_AJ.shape[1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        over = bought(cost_AJ + middle).sum(1, keepdims=True) > 1
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    alpha_AJ = bought(cost_AJ + (low + high) / 2)
    return alpha_AJ / alpha_AJ.sum(1, keepdims=True)


def player(name: str, text: str, slope: Slope, settings: tuple[Params, ...] = ({},)) -> Case:
    def alpha_J(d2_J: torch.Tensor, p: SimpleNamespace) -> torch.Tensor:
        with np.errstate(over="ignore", divide="ignore"):
            return torch.from_numpy(solve(lambda alpha: slope(alpha, p), d2_J.detach().numpy()))

    return Case(name, text + "\nalpha in simplex", lambda a, p: held(alpha_J(a.d2_J, p), a), settings)


PLAYERS = (
    player(
        "entropy_linear",
        TAU + "param c = 1\nR(a) = -tau * a * (log(a) - 1) + c * a",
        lambda a, p: -p.tau * np.log(a) + p.c,
        tuple({**t, "c": c} for t in TAUS for c in (-3.0, 2.0)),
    ),
    player(
        "entropy_square",
        TAU + "param b = 1 in [0, inf)\nR(a) = -tau * a * log(a) - b * a^2",
        lambda a, p: -p.tau * (np.log(a) + 1) - 2 * p.b * a,
        tuple({**t, "b": b} for t in TAUS for b in (0.01, 3.0)),
    ),
    player("square_linear", TAU + "pairs same_view\nR(a) = a - tau / 2 * a^2", lambda a, p: 1 - p.tau * a, TAUS),
    player("shifted_square", TAU + "R(a) = -tau * (a + 0.1)^2", lambda a, p: -2 * p.tau * (a + 0.1), TAUS),
    player("cube", TAU + "R(a) = -tau * a^3", lambda a, p: -3 * p.tau * a**2, TAUS),
    player("three_halves", TAU + "R(a) = -tau * a^1.5", lambda a, p: -1.5 * p.tau * a**0.5, TAUS),
    player(
        "order",
        TAU + "param q = 2 in (1, inf)\nR(a) = tau * (a - a^q) / (q * (q - 1))",
        lambda a, p: p.tau * (1 - p.q * a ** (p.q - 1)) / (p.q * (p.q - 1)),
        tuple({**t, "q": q} for t in TAUS for q in (1.05, 1.5, 2.0, 6.0)),
    ),
    player(
        "low_order",
        TAU + "param q = 0.5 in (0, 1)\nR(a) = tau * (a^q - a) / (q * (1 - q))",
        lambda a, p: p.tau * (p.q * a ** (p.q - 1) - 1) / (p.q * (1 - p.q)),
        tuple({**t, "q": q} for t in TAUS for q in (0.05, 0.5, 0.95)),
    ),
    player("root", TAU + "pairs cross_view\nR(a) = tau * sqrt(a)", lambda a, p: p.tau * 0.5 * a**-0.5, TAUS),
    player("root_linear", TAU + "R(a) = tau * sqrt(a) - 2 * a", lambda a, p: p.tau * 0.5 * a**-0.5 - 2, TAUS),
    player("barrier", TAU + "R(a) = tau * log(a)", lambda a, p: p.tau / a, TAUS),
    player("log_one_plus", TAU + "R(a) = tau * log(1 + a)", lambda a, p: p.tau / (1 + a), TAUS),
    player(
        "log_eps",
        TAU + "param eps = 0.01 in (0, inf)\nR(a) = tau * log(eps + a)",
        lambda a, p: p.tau / (p.eps + a),
        tuple({**t, "eps": e} for t in TAUS for e in (1e-6, 2.0)),
    ),
    player(
        "negative_exp",
        TAU + "param c = 3 in (0, inf)\nR(a) = -tau * exp(c * a)",
        lambda a, p: -p.tau * p.c * np.exp(p.c * a),
        tuple({**t, "c": c} for t in TAUS for c in (0.1, 20.0)),
    ),
    player(
        "saturating",
        TAU + "param c = 3 in (0, inf)\nR(a) = -tau * exp(-c * a)",
        lambda a, p: p.tau * p.c * np.exp(-p.c * a),
        tuple({**t, "c": c} for t in TAUS for c in (0.1, 20.0)),
    ),
    player(
        "inverse_orders",
        TAU + "param gamma = 2 in (1, inf)\nR(a) = -tau * a^(1 - gamma) / (gamma - 1)",
        lambda a, p: p.tau * a**-p.gamma,
        tuple({**t, "gamma": g} for t in TAUS for g in (1.05, 3.0, 8.0)),
    ),
    player("hyperbola", TAU + "R(a) = -tau / (0.3 + a)", lambda a, p: p.tau / (0.3 + a) ** 2, TAUS),
    player("root_square", TAU + "R(a) = sqrt(a) - tau * a^2", lambda a, p: 0.5 * a**-0.5 - 2 * p.tau * a, TAUS),
    player(
        "barrier_square",
        TAU + "R(a) = 0.01 * log(a) - tau * a^2 - a^3",
        lambda a, p: 0.01 / a - 2 * p.tau * a - 3 * a**2,
        TAUS,
    ),
    player("square_cube", TAU + "R(a) = -tau * a^2 - a^3 / 3", lambda a, p: -2 * p.tau * a - a**2, TAUS),
    player(
        "tanh_bonus",
        TAU + "R(a) = 0.1 * tanh(a) - (tau + 1) * a^2",
        lambda a, p: 0.1 / np.cosh(a) ** 2 - 2 * (p.tau + 1) * a,
        TAUS,
    ),
    player("five_quarters", TAU + "R(a) = -tau * a^1.25", lambda a, p: -1.25 * p.tau * a**0.25, TAUS),
    player(
        "softplus_cost", TAU + "R(a) = -tau * softplus(4 * a)", lambda a, p: -4 * p.tau / (1 + np.exp(-4 * a)), TAUS
    ),
    player(
        "binary_entropy",
        TAU + "R(a) = -tau * (a * log(a) + (1.1 - a) * log(1.1 - a))",
        lambda a, p: -p.tau * (np.log(a) - np.log(1.1 - a)),
        TAUS,
    ),
)
