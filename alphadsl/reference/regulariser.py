"""R of a min player as numbers: importances in [0, 1] come in; R and its derivative come out, in float64 NumPy.

For checking that an alpha solves its game, not for solving it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import Distance, Expr, Function, Loss, MinPlayer
from alphadsl.ir.traversal import substitute
from alphadsl.reference.evaluate import Numbers, evaluate
from alphadsl.transform.differentiate import differentiate

Array = NDArray[np.float64]

NEXT_TO_NOTHING = 1e-300
"""Stands for 0 where a formula has no floating-point value there, such as a log(a)."""


@dataclass(frozen=True)
class Regulariser:
    """R(a) of `alpha = argmin over the simplex of E(alpha) - sum_j R(alpha_j)` (Tian 2022, Eqn. 5), at the parameter
    values when it was requested."""

    function: Function
    values: Mapping[str, float]

    def __call__(self, alpha: Array) -> Array:
        """R of each importance in [0, 1]; at 0 its limit, which may be -inf."""
        return self._valued(self.function.body, alpha)

    def slope(self, alpha: Array) -> Array:
        """R' of each importance in [0, 1]; at 0 its limit, which may be inf."""
        return self._valued(differentiate(self.function), alpha)

    def _valued(self, body: Expr, alpha: Array) -> Array:
        value = self._evaluated(body, alpha)
        return np.where(np.isnan(value), self._evaluated(body, np.maximum(alpha, NEXT_TO_NOTHING)), value)

    def _evaluated(self, body: Expr, alpha: Array) -> Array:
        at = np.atleast_2d(np.asarray(alpha, dtype=np.float64))
        there = substitute(body, {self.function.argument: Distance(Quantity.NEGATIVE)})
        numbers = Numbers({Quantity.NEGATIVE: at}, np.ones(at.shape, dtype=np.bool_), self.values)
        value: Array = np.broadcast_to(evaluate(there, numbers), at.shape).reshape(np.shape(alpha))
        return value


def regulariser_of(loss: Loss, values: Mapping[str, float]) -> Regulariser | None:
    """R of a min player; None for any other family."""
    match loss.family:
        case MinPlayer(function):
            return Regulariser(function, dict(values))
        case _:
            return None
