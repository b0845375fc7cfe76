"""The built-ins as float64 NumPy functions, for the interpreter. Those missing here are NumPy's functions of the same
name."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def relu(x: Array) -> Array:
    return np.maximum(x, 0.0)


def sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0.0, -x))


def softplus(x: Array) -> Array:
    return np.logaddexp(0.0, x)


def share(part: Array, whole: Array) -> Array:
    return np.where(whole == 0, 0.0, part / np.where(whole == 0, 1.0, whole))


def pow0(base: Array, exponent: Array) -> Array:
    none = base <= 0
    return np.where(none & np.not_equal(exponent, 0), 0.0, np.where(none, 1.0, base) ** exponent)


def finite(x: Array) -> Array:
    return np.where(x == -np.inf, 0.0, x)


def carry(value: Array, witness: Array) -> Array:
    return np.where(np.isnan(witness), np.nan, value)


def log_share(part: Array, whole: Array) -> Array:
    return np.where(whole == -np.inf, -np.inf, part - np.where(whole == -np.inf, 0.0, whole))


def log_pow0(logarithm: Array, exponent: Array) -> Array:
    at_zero = np.where(np.equal(exponent, 0), 0.0, -np.inf)
    return np.where(logarithm == -np.inf, at_zero, exponent * np.where(logarithm == -np.inf, 0.0, logarithm))


def log_difference(a: Array, b: Array) -> Array:
    return np.where(a <= b, -np.inf, a + np.log(-np.expm1(np.where(a <= b, a - 1.0, b) - a)))


def exp_difference(a: Array, b: Array, apart: Array) -> Array:
    return np.exp(np.maximum(a, b)) * -np.sign(apart) * np.expm1(-np.abs(apart))


def log_softplus(x: Array) -> Array:
    return np.where(x < -30, x, np.log(np.logaddexp(0.0, np.maximum(x, -30.0))))


def as_number(comparison: Callable[..., NDArray[np.bool_]]) -> Callable[..., Array]:
    """The result of a comparison as 0 or 1, which can be added and multiplied."""
    return lambda a, b: comparison(a, b).astype(np.float64)


OURS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        relu,
        sigmoid,
        softplus,
        share,
        pow0,
        finite,
        carry,
        log_difference,
        log_share,
        log_pow0,
        log_softplus,
        exp_difference,
    )
} | {
    comparison.__name__: as_number(comparison)
    for comparison in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal)
}


def numpy_function(name: str) -> Callable[..., Array]:
    function: Callable[..., Array] = OURS.get(name) or getattr(np, name)
    return function
