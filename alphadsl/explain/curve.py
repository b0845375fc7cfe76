"""alpha as a function of distance, for one anchor near its positive with negatives evenly spread over all distances.

It uses a made-up row, so that a curve needs no data: d[i]^2 is 0.1, the negatives lie between d = 0 and the far side of
the sphere, and statistics of the row are computed from these alone. In Euclidean space embeddings are assumed to have
length 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alphadsl.ir.kinds import Quantity
from alphadsl.journey import Journey
from alphadsl.reference.evaluate import Array, Numbers, evaluate

POSITIVE_D2, FARTHEST, NEGATIVES = 0.1, 2.0**0.5, 64
SETUP = f"one anchor with d[i]^2 = {POSITIVE_D2}, {NEGATIVES} negatives evenly spread in d"


@dataclass(frozen=True)
class Curve:
    """The weights of the negatives of one anchor, by distance."""

    d_C: Array
    alpha_C: Array

    @property
    def share_C(self) -> Array:
        """The weights as fractions of their sum over the row; of absolute values, in case some are negative."""
        size = float(abs(self.alpha_C).sum())
        return np.asarray(self.alpha_C / size if size > 0 else self.alpha_C)

    @property
    def effective_negatives(self) -> float:
        """exp of the entropy of the row's fractions: the number of equally weighted negatives with the same entropy."""
        share_C = abs(self.share_C)
        share_C = share_C[share_C > 0]
        return float(np.exp(-(share_C * np.log(share_C)).sum())) if len(share_C) else float("nan")


def alpha_curve(journey: Journey, values: Mapping[str, float]) -> Curve:
    d_C = (np.arange(NEGATIVES) + 0.5) * FARTHEST / NEGATIVES
    d2_1C = d_C[None, :] ** 2
    quantities = {
        Quantity.POSITIVE: np.full((1, 1), POSITIVE_D2),
        Quantity.NEGATIVE: d2_1C,
        Quantity.INNER_POSITIVE: np.full((1, 1), 1 - POSITIVE_D2),
        Quantity.INNER_NEGATIVE: 1 - d2_1C,
    }
    numbers = Numbers(quantities, np.ones((1, NEGATIVES), dtype=np.bool_), values)
    alpha_1C = np.broadcast_to(evaluate(journey.stable.repel, numbers), (1, NEGATIVES))
    return Curve(d_C, np.nan_to_num(alpha_1C[0]))


def with_values(journey: Journey, changed: Mapping[str, float]) -> dict[str, float]:
    return {parameter.name: changed.get(parameter.name, parameter.value) for parameter in journey.loss.parameters}
