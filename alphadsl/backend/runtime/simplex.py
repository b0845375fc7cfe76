"""The min player's multiplier lambda_i: the one number per row that makes the importances sum to one.

Two solvers: sorting, exact, where alpha is piecewise linear in the price (the Euclidean projection on the simplex), and
safeguarded Newton steps for any other falling response. Legend: A anchors, C candidates; costs are relative to the
row's smallest, masked where a candidate is no negative.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Pointwise = Callable[[Tensor], Tensor]
STEPS = 100


def projected_multiplier(cost_AC: Tensor, negative_AC: Tensor, low: Tensor, curvature: Tensor) -> Tensor:
    """The lambda_i (A, 1) at which sum_j [lambda + cost - slope(0)]_- / curvature = 1, by sorting."""
    sorted_AC = torch.where(negative_AC, cost_AC, torch.inf).sort(dim=-1).values
    finite_AC = torch.where(sorted_AC == torch.inf, 0.0, sorted_AC)
    kept_C = torch.arange(1, cost_AC.shape[-1] + 1, device=cost_AC.device, dtype=cost_AC.dtype)
    threshold_AC = (finite_AC.cumsum(-1) - curvature) / kept_C
    size_A1 = (sorted_AC < threshold_AC).sum(-1, keepdim=True).clamp_min(1)
    return low - curvature - threshold_AC.gather(-1, size_A1 - 1)


def root_multiplier(
    response: Pointwise,
    curvature: Pointwise,
    cost_AC: Tensor,
    negative_AC: Tensor,
    low_A1: Tensor,
    high_A1: Tensor,
) -> Tensor:
    """The lambda_i (A, 1) in [low, high] at which sum_j response(cost + lambda) = 1, to machine precision."""

    def excess(lambda_A1: Tensor) -> tuple[Tensor, Tensor]:
        alpha_AC = torch.where(negative_AC, response(cost_AC + lambda_A1), 0.0)
        moving_AC = alpha_AC > 0
        steepness_AC = torch.where(moving_AC, 1 / curvature(torch.where(moving_AC, alpha_AC, 1.0)), 0.0)
        return alpha_AC.sum(-1, keepdim=True) - 1, steepness_AC.sum(-1, keepdim=True)

    full_A1 = torch.zeros_like(cost_AC[..., :1])
    return newton(excess, full_A1 + low_A1, full_A1 + high_A1)


def invert(slope: Pointwise, curvature: Pointwise, target: Tensor) -> Tensor:
    """The a in [0, 1] at which the falling slope takes a value, clipped to the ends.

    Sought is the logarithm of a, anywhere between 0 and -700: the first steps halve that range, until Newton's method
    is quick. It is shifted by 1, away from 0, so that its relative precision is that of a.
    """

    def excess(shifted: Tensor) -> tuple[Tensor, Tensor]:
        a = torch.exp(shifted + 1)
        return slope(a) - target, curvature(a) * a

    tiny = torch.full_like(target, torch.finfo(target.dtype).tiny)
    shifted = newton(excess, tiny.log() - 1, torch.full_like(target, -1.0), halvings=12)
    return torch.where(slope(tiny) <= target, 0.0, torch.exp(shifted + 1))


def newton(excess: Callable[[Tensor], tuple[Tensor, Tensor]], low: Tensor, high: Tensor, halvings: int = 0) -> Tensor:
    """The root of a falling function between two bounds: Newton steps, halving where one would leave the bracket."""
    precision = 2 * torch.finfo(low.dtype).eps

    def unsettled(x: Tensor, low: Tensor, high: Tensor, step: Tensor) -> Tensor:
        return ((high - low) > precision * (low.abs() + high.abs())).any() & (step < STEPS)

    def advance(x: Tensor, low: Tensor, high: Tensor, step: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        above, slope = excess(x)
        low, high = torch.where(above >= 0, x, low), torch.where(above <= 0, x, high)
        newer = x - above / slope
        inside = (newer > low) & (newer < high) & (step >= halvings)
        settled = (newer - x).abs() <= precision * x.abs()
        low, high = torch.where(settled & inside, newer, low), torch.where(settled & inside, newer, high)
        return torch.where(inside, newer, (low + high) / 2), low, high, step + 1

    state = (low.clone(), low.clone(), high.clone(), torch.zeros((), dtype=torch.int64, device=low.device))
    if torch.compiler.is_compiling():
        root: Tensor = torch.while_loop(unsettled, advance, state)[0]  # type: ignore[no-untyped-call]
        return root
    while unsettled(*state):
        state = advance(*state)
    return state[0]
