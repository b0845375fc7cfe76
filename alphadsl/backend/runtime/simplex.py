"""The min player's multiplier lambda_i: the one number per row that makes the importances sum to one.

Two solvers: a finite active set method where alpha is piecewise linear in the price (the Euclidean projection on the
simplex), and safeguarded Newton steps for any other falling response. Legend: A anchors, C candidates; costs are
relative to the row's smallest, masked where a candidate is no negative.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Pointwise = Callable[[Tensor], Tensor]
STEPS = 100
# Entries of a cost matrix that the caches hold while its rows are solved.
PART = 1 << 17


def projected_multiplier(cost_AC: Tensor, negative_AC: Tensor, low: Tensor, curvature: Tensor) -> Tensor:
    """The lambda_i (A, 1) at which sum_j [lambda + cost - slope(0)]_- / curvature = 1, exact up to rounding."""
    masked_AC = torch.where(negative_AC, cost_AC, torch.inf)
    if torch.compiler.is_compiling():
        return low - curvature - threshold_of(masked_AC, -curvature)
    parts = torch.split(masked_AC, max(1, PART // masked_AC.shape[-1]), -2)
    return low - curvature - torch.cat([threshold_of(part_AC, -curvature) for part_AC in parts], -2)


def threshold_of(cost_AC: Tensor, budget: Tensor) -> Tensor:
    """The threshold t_i (A, 1) at which sum_j [t - cost]_+ is the budget.

    Newton steps from the right of a convex function made of straight pieces (the active set method of Michelot 1986):
    the first threshold is one that the cheapest alone would set, each step drops candidates that are too dear and none
    that is not, and one that drops none is at the solution, with what rounding left of the budget put right.
    """

    def unsettled(threshold_A1: Tensor, size_A1: Tensor, before_A1: Tensor) -> Tensor:
        return (size_A1 != before_A1).any()

    def advance(threshold_A1: Tensor, size_A1: Tensor, before_A1: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        below_AC = (threshold_A1 - cost_AC).clamp_min(0)
        excess_A1 = below_AC.sum(-1, keepdim=True) - budget
        active_A1 = below_AC.sign().sum(-1, keepdim=True)
        step_A1 = torch.where(active_A1 > 0, excess_A1 / active_A1.clamp_min(1), 0.0)
        return threshold_A1 - step_A1, active_A1, size_A1.clone()

    nothing_A1 = torch.zeros_like(cost_AC[..., :1])
    state = (nothing_A1 + budget, nothing_A1 - 1, nothing_A1 - 2)
    return repeated(unsettled, advance, state)[0]


def root_multiplier(
    response: Pointwise,
    curvature: Pointwise,
    cost_AC: Tensor,
    negative_AC: Tensor,
    low_A1: Tensor,
    high_A1: Tensor,
) -> Tensor:
    """The lambda_i (A, 1) in [low, high] at which sum_j response(cost + lambda) = 1, to machine precision.

    Sought is the root of the sum's logarithm, which is closer to a straight line than the sum where that is large; over
    the logarithm of lambda where no price is below 0, since such responses fall like powers.
    """

    def excess(lambda_A1: Tensor) -> tuple[Tensor, Tensor]:
        alpha_AC = torch.where(negative_AC, response(cost_AC + lambda_A1), 0.0)
        moving_AC = alpha_AC > 0
        steepness_AC = torch.where(moving_AC, 1 / curvature(torch.where(moving_AC, alpha_AC, 1.0)), 0.0)
        total_A1, slope_A1 = alpha_AC.sum(-1, keepdim=True), steepness_AC.sum(-1, keepdim=True)
        above_one = total_A1 > 1
        logarithm_A1 = torch.log(torch.where(above_one, total_A1, 1.0))
        return torch.where(above_one, logarithm_A1, total_A1 - 1), slope_A1 / total_A1.clamp_min(1)

    def moved(lambda_A1: Tensor, by_A1: Tensor) -> Tensor:
        return torch.where(low_A1 > 0, lambda_A1 * torch.exp(by_A1 / lambda_A1), lambda_A1 + by_A1)

    full_A1 = torch.zeros_like(cost_AC[..., :1])
    rounding = 8 * torch.finfo(cost_AC.dtype).eps
    return newton(excess, full_A1 + low_A1, full_A1 + high_A1, moved, rounding=rounding)


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


def newton(
    excess: Callable[[Tensor], tuple[Tensor, Tensor]],
    low: Tensor,
    high: Tensor,
    moved: Callable[[Tensor, Tensor], Tensor] = torch.add,
    halvings: int = 0,
    rounding: float = 0.0,
) -> Tensor:
    """The root of a falling function between two bounds: Newton steps, halving where one would leave the bracket.

    `excess` gives the function and its slope, `moved` where a step leads. Where the function is within its `rounding`
    of 0, there is nothing more to be found.
    """
    precision = 2 * torch.finfo(low.dtype).eps

    def unsettled(x: Tensor, low: Tensor, high: Tensor, step: Tensor) -> Tensor:
        return ((high - low) > precision * (low.abs() + high.abs())).any() & (step < STEPS)

    def advance(x: Tensor, low: Tensor, high: Tensor, step: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        above, slope = excess(x)
        found = above.abs() <= rounding
        low, high = torch.where(found | (above >= 0), x, low), torch.where(found | (above <= 0), x, high)
        newer = moved(x, -above / slope)
        inside = (newer > low) & (newer < high) & (step >= halvings)
        settled = inside & ((newer - x).abs() <= precision * x.abs())
        low, high = torch.where(settled, newer, low), torch.where(settled, newer, high)
        return torch.where(inside, newer, low + (high - low) / 2), low, high, step + 1

    state = (low.clone(), low.clone(), high.clone(), torch.zeros((), dtype=torch.int64, device=low.device))
    return repeated(unsettled, advance, state)[0]


def repeated(
    unsettled: Callable[..., Tensor], advance: Callable[..., tuple[Tensor, ...]], state: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """The state at which nothing is unsettled any more; one loop of the graph where one is compiled."""
    if torch.compiler.is_compiling():
        settled: tuple[Tensor, ...] = torch.while_loop(unsettled, advance, state)  # type: ignore[no-untyped-call]
        return settled
    while unsettled(*state):
        state = advance(*state)
    return state
