"""Learned parameters: how fast each moves with the raw number that the optimizer moves, from its interval.

In: the value of a parameter. Out: the derivative of the map into its interval: that of softplus below a bound, that of
a sigmoid between two, and one where there is no bound. Nothing is refused.
"""

import math
from collections.abc import Callable

Rate = Callable[[float], float]


def unbounded(value: float) -> float:
    return 1.0


def below(high: float) -> Rate:
    """value = high - log(1 + e^-raw), so its derivative is 1 - e^-(high - value)."""
    return lambda value: -math.expm1(value - high)


def between(low: float, high: float) -> Rate:
    """value = low + (high - low) sigmoid(raw)."""
    return lambda value: (value - low) * (high - value) / (high - low)


LEARNED: dict[str, dict[str, Rate]] = {
    "clip": {"t": below(4.6052)},
    "infonce_learned": {"tau": between(0.01, 1)},
    "siglip": {"t": unbounded, "b": unbounded},
}


def learned_by(name: str) -> dict[str, Rate]:
    return LEARNED.get(name, {})
