"""The min player alone: distances and R come in; the best alpha, and how far another alpha is from being the best, come
out.

alpha = argmin over the simplex of sum_j alpha_j d_j^2 - sum_j R(alpha_j), row by row. The Karush-Kuhn-Tucker
conditions: R'(alpha_j) = d_j^2 + lambda where alpha_j > 0, and R'(0) <= d_j^2 + lambda where alpha_j = 0. Roots are
found by SciPy (Chandrupatla's bracketing method), so nothing is shared with the solvers that losses are trained with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

Array = NDArray[np.float64]

# A anchors, C candidates

LEAST = 1e-290
"""An importance below this counts as 0, near the limit of floating point."""


class Concave(Protocol):
    """What `alphadsl.regulariser_of` returns: R, and R' as `slope`."""

    def __call__(self, alpha: Array, /) -> Array: ...

    def slope(self, alpha: Array, /) -> Array: ...


@dataclass(frozen=True, eq=False)
class Game:
    """Half squared distances (A, C), which of them are to negatives, and R with its slope."""

    cost_AC: Array
    negative_AC: NDArray[np.bool_]
    regulariser: Concave

    def value_A(self, alpha_AC: Array) -> Array:
        """E - R of each row, without its d_i^2, which no alpha on the simplex changes."""
        reward_AC = np.where(self.negative_AC, self.regulariser(alpha_AC), 0.0)
        return np.asarray((alpha_AC * self.cost_AC * self.negative_AC).sum(1) - reward_AC.sum(1))


@dataclass(frozen=True, eq=False)
class Solution:
    alpha_AC: Array
    multiplier_A: Array


@dataclass(frozen=True)
class Conditions:
    """How far an alpha is from the optimum; each number is 0 at the optimum."""

    infeasible: float
    """The largest deviation of a row's sum from 1, or of a negative importance from 0."""
    stationarity: float
    """The spread of R'(alpha) - d^2 where alpha > 0, relative to the size of its terms."""
    complementarity: float
    """How much R'(0) exceeds d^2 + lambda where alpha = 0, on the same scale."""


def solve(game: Game) -> Solution:
    """The min player's alpha, from scratch."""
    counts_A = game.negative_AC.sum(1)
    nearest_A = np.where(game.negative_AC, game.cost_AC, np.inf).min(1)
    cost_AC = game.cost_AC - nearest_A[:, None]
    top, even_A = float(game.regulariser.slope(np.ones(1))[0]), game.regulariser.slope(1.0 / counts_A)

    def bought(price: Array) -> Array:
        """The alpha at which R' equals a price; 0 if every alpha costs more."""
        low, high = np.log(LEAST), 0.0

        def excess(log_alpha: Array, at: Array) -> Array:
            with np.errstate(over="ignore"):
                return np.arcsinh(np.minimum(game.regulariser.slope(np.exp(log_alpha)), 1e300)) - np.arcsinh(at)

        ends = excess(np.full_like(price, low), price), excess(np.full_like(price, high), price)
        inside = (ends[0] > 0) & (ends[1] < 0)
        alpha = np.where(ends[1] >= 0, 1.0, 0.0)
        if inside.any():
            ends = np.full(inside.sum(), low), np.full(inside.sum(), high)
            alpha[inside] = np.exp(_root(excess, ends, (price[inside],)))
        return alpha

    def surplus(multiplier: Array, row: Array) -> Array:
        rows = row.astype(int)
        alpha = bought(np.asarray(cost_AC[rows] + multiplier[:, None]))
        return np.asarray((alpha * game.negative_AC[rows]).sum(1) - 1)

    rows_A = np.arange(len(cost_AC), dtype=np.float64)
    low_A, high_A = np.full(len(cost_AC), top), even_A
    settled_A = np.isclose(low_A, high_A, rtol=0, atol=0) | (surplus(high_A, rows_A) >= 0)
    multiplier_A = high_A.copy()
    free = ~settled_A
    if free.any():
        multiplier_A[free] = _root(surplus, (low_A[free], high_A[free]), (rows_A[free],))
    alpha_AC = bought(cost_AC + multiplier_A[:, None]) * game.negative_AC
    return Solution(alpha_AC / alpha_AC.sum(1, keepdims=True), multiplier_A - nearest_A)


def _root(function: Callable[..., Array], ends: tuple[Array, Array], args: tuple[Array, ...]) -> Array:
    root = elementwise.find_root(function, ends, args=args, tolerances={"xatol": 0, "xrtol": 1e-15}, maxiter=400)
    return np.asarray(root.x)


def conditions(game: Game, alpha_AC: Array) -> Conditions:
    """The optimality conditions at an alpha."""
    negative_AC = game.negative_AC
    sums_A = np.where(negative_AC, alpha_AC, 0).sum(1)
    outside = np.abs(np.where(negative_AC, 0, alpha_AC)).max(initial=0.0)
    infeasible = max(float(np.abs(sums_A - 1).max()), -float(alpha_AC.min()), float(outside))
    support_AC = negative_AC & (alpha_AC > LEAST)
    if not support_AC.any(1).all():
        return Conditions(infeasible, np.inf, np.inf)
    slope_AC = game.regulariser.slope(np.clip(alpha_AC, 0, 1))
    price_AC = np.where(support_AC, slope_AC - game.cost_AC, np.nan)
    scale_A = np.nanmax(np.abs(np.where(support_AC, slope_AC, np.nan)), 1) + game.cost_AC.max(1)
    stationarity_A = (np.nanmax(price_AC, 1) - np.nanmin(price_AC, 1)) / scale_A
    # The highest price that is paid: nothing that is not bought may be worth more.
    lambda_A1 = np.nanmax(price_AC, 1)[:, None]
    idle_AC = negative_AC & (alpha_AC <= LEAST)
    worth = game.regulariser.slope(np.full((1, 1), LEAST))
    wanted_AC = np.where(idle_AC, worth - game.cost_AC - lambda_A1, 0.0) / scale_A[:, None]
    # An importance too small for floating point has underflowed to 0, so its condition cannot be checked.
    underflows = np.isinf(game.regulariser.slope(np.zeros((1, 1)))).any()
    complementarity = 0.0 if underflows else max(0.0, float(wanted_AC.max(initial=0.0)))
    return Conditions(infeasible, float(stationarity_A.max()), complementarity)


def best_perturbation(game: Game, alpha_AC: Array, trials: int, seed: int) -> tuple[float, int]:
    """The smallest rise of E - R along random feasible steps, near and far, relative to its own spread, and the number
    of steps tried. It is negative if one of them is better than alpha."""
    random = np.random.default_rng(seed)
    here_A = game.value_A(alpha_AC)
    least, tried = np.inf, 0
    for trial in range(trials):
        weights_AC = random.gamma(10.0 ** random.uniform(-1.5, 1), size=alpha_AC.shape) * game.negative_AC
        towards_AC = weights_AC / np.maximum(weights_AC.sum(1, keepdims=True), 1e-300)
        size = 10.0 ** random.uniform(-4, 0) if trial % 4 else 1.0
        there_AC = (1 - size) * alpha_AC + size * towards_AC
        with np.errstate(invalid="ignore"):
            rise_A = game.value_A(there_AC) - here_A
        scale_A = np.abs(here_A) + game.cost_AC.max(1)
        rises = (rise_A / scale_A)[np.isfinite(rise_A)]
        least, tried = min(least, float(rises.min(initial=np.inf))), tried + len(rises)
    return float(least) if tried else float("nan"), tried
