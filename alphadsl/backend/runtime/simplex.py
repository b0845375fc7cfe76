"""The min player's multiplier lambda_i: the one number per row that makes the importances sum to 1.

There are two solvers: a finite active set method where alpha is piecewise linear in the price (the Euclidean projection
on the simplex), and safeguarded Newton steps for any other decreasing response. On the host they stop when nothing
changes any more. On other devices asking for that would wait for the device, so there the active set is found by
sorting, and the number of Newton steps is what the slowest response needs. Legend: A anchors, C candidates; costs are
relative to the smallest of the row, and masked where a candidate is not a negative.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Pointwise = Callable[[Tensor], Tensor]
STEPS = 100
# On a device: the slowest response of the library at any temperature took 49 steps, and halving alone takes 64.
DEVICE_STEPS = 64
MORE_THAN_ALL = 2.0**62
# Entries of a cost matrix that fit into the caches while its rows are solved.
PART = 1 << 17


def projected_multiplier(cost_AC: Tensor, negative_AC: Tensor, low: Tensor, curvature: Tensor) -> Tensor:
    """The lambda_i (A, 1) at which sum_j [lambda + cost - slope(0)]_- / curvature = 1, exact up to rounding."""
    masked_AC = torch.where(negative_AC, cost_AC, torch.inf)
    if not on_host(masked_AC):
        return low - curvature - sorted_threshold_of(masked_AC, -curvature)
    if torch.compiler.is_compiling():
        return low - curvature - threshold_of(masked_AC, -curvature)
    parts = torch.split(masked_AC, max(1, PART // masked_AC.shape[-1]), -2)
    return low - curvature - torch.cat([threshold_of(part_AC, -curvature) for part_AC in parts], -2)


def threshold_of(cost_AC: Tensor, budget: Tensor) -> Tensor:
    """The threshold t_i (A, 1) at which sum_j [t - cost]_+ is the budget.

    Newton steps from the right on a convex, piecewise linear function (the active set method of Michelot 1986). The
    first threshold is the one that the cheapest candidate alone would give. Each step drops candidates that are too
    expensive and no others, and a step that drops none is at the solution, with the rounding error of the budget
    corrected. Rounding may let a candidate on the threshold in again and drop it, forever, so we stop when the smallest
    number of candidates so far no longer falls.
    """

    def unsettled(threshold_A1: Tensor, size_A1: Tensor, fewest_A1: Tensor) -> Tensor:
        return (size_A1 < fewest_A1).any()

    def advance(threshold_A1: Tensor, size_A1: Tensor, fewest_A1: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        next_A1, active_A1 = newton_step(threshold_A1, cost_AC, budget)
        return next_A1, active_A1, torch.minimum(size_A1, fewest_A1)

    nothing_A1 = torch.zeros_like(cost_AC[..., :1])
    state = (nothing_A1 + budget, nothing_A1 + MORE_THAN_ALL, nothing_A1 + torch.inf)
    return repeated(unsettled, advance, state)[0]


def sorted_threshold_of(cost_AC: Tensor, budget: Tensor) -> Tensor:
    """The same from sorted costs: a candidate is active if the threshold given by it and all cheaper ones is above its
    cost (Held et al. 1974). Two Newton steps correct the rounding error of long sums."""
    sorted_AC = cost_AC.sort(-1)[0]
    active_AC = torch.arange(1, cost_AC.shape[-1] + 1, dtype=cost_AC.dtype, device=cost_AC.device)
    threshold_AC = (budget + sorted_AC.cumsum(-1)) / active_AC
    sets_AC = (threshold_AC > sorted_AC) & (sorted_AC < torch.inf)
    count_A1 = sets_AC.sum(-1, keepdim=True)
    threshold_A1 = threshold_AC.gather(-1, (count_A1 - 1).clamp_min(0))
    threshold_A1 = torch.where(count_A1 > 0, threshold_A1, budget)
    for _ in range(2):
        threshold_A1, _ = newton_step(threshold_A1, cost_AC, budget)
    return threshold_A1


def newton_step(threshold_A1: Tensor, cost_AC: Tensor, budget: Tensor) -> tuple[Tensor, Tensor]:
    """The next threshold (A, 1), and the number (A, 1) of candidates below the one before. A NaN stays NaN."""
    below_AC = (threshold_A1 - cost_AC).clamp_min(0)
    excess_A1 = below_AC.sum(-1, keepdim=True) - budget
    active_A1 = below_AC.sign().sum(-1, keepdim=True)
    step_A1 = torch.where(active_A1 > 0, excess_A1 / active_A1.clamp_min(1), 0 * excess_A1)
    return threshold_A1 - step_A1, active_A1


def root_multiplier(
    response: Pointwise,
    curvature: Pointwise,
    cost_AC: Tensor,
    negative_AC: Tensor,
    low_A1: Tensor,
    high_A1: Tensor,
) -> Tensor:
    """The lambda_i (A, 1) in [low, high] at which sum_j response(cost + lambda) = 1, to machine precision.

    Solves for a root of the sum's logarithm, which is closer to a straight line than the sum where that is large; in
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
    """The a in [0, 1] at which a decreasing slope takes the target value, clipped to the ends.

    Solves for the logarithm of a, between 0 and -700: the first steps halve that range, until Newton's method converges
    fast. It is shifted by 1, away from 0, so that its relative precision is that of a.
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
    """The root of a decreasing function between two bounds: Newton steps, with bisection if a step would leave the
    bracket.

    `excess` returns the function and its slope, `moved` the point that a step leads to. Where the function is within
    `rounding` of 0, the search ends.
    """
    precision = 2 * torch.finfo(low.dtype).eps

    def unsettled(x: Tensor, low: Tensor, high: Tensor, step: Tensor) -> Tensor:
        return ((high - low) > precision * (low.abs() + high.abs())).any() & (step < STEPS)

    def advance(x: Tensor, low: Tensor, high: Tensor, step: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        above, slope = excess(x)
        at_root = above.abs() <= rounding
        low, high = torch.where(at_root | (above >= 0), x, low), torch.where(at_root | (above <= 0), x, high)
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
    """Advance the state until nothing is unsettled; in a compiled graph, as one loop of the graph. On a device the
    number of steps is fixed and counted on the host, since asking whether all is settled would wait for the device."""
    waits = on_host(state[0])
    if torch.compiler.is_compiling():
        condition, body, start = (unsettled, advance, state) if waits else counted(advance, state)
        settled: tuple[Tensor, ...] = torch.while_loop(condition, body, start)  # type: ignore[no-untyped-call]
        return settled if waits else settled[1:]
    if waits:
        while unsettled(*state):
            state = advance(*state)
        return state
    for _ in range(DEVICE_STEPS):
        state = advance(*state)
    return state


def counted(
    advance: Callable[..., tuple[Tensor, ...]], state: tuple[Tensor, ...]
) -> tuple[Callable[..., Tensor], Callable[..., tuple[Tensor, ...]], tuple[Tensor, ...]]:
    """A loop of `DEVICE_STEPS` steps, as a condition, a body and a start. The counter stays on the host, whatever the
    default device is."""

    def unfinished(count: Tensor, *state: Tensor) -> Tensor:
        return count < DEVICE_STEPS

    def advanced(count: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        return count + 1, *advance(*state)

    return unfinished, advanced, (torch.zeros((), dtype=torch.int64, device="cpu"), *state)


def on_host(tensor: Tensor) -> bool:
    """Whether a number of the tensor can be read without waiting for a device."""
    return tensor.device.type == "cpu"
