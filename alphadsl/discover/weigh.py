"""The weights of a loss on probe batches, fast: a loss, many settings of its parameters and many batches come in; alpha
and beta for all of them come out, computed together.

A min player whose R' has no closed-form inverse costs a bisection inside a bisection, and a search meets many. R' is
decreasing, so a table of it is read backwards instead. This is accurate to the spacing of the table, which is enough
for angles. Legend: K settings (of a table, its rows), B batches of one shape, A rows, C candidates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from alphadsl.ir.build import NEGATIVE_D2
from alphadsl.ir.derived import Derived
from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import Expr, Inverse, MinPlayer
from alphadsl.ir.traversal import substitute, walk
from alphadsl.journey import Journey
from alphadsl.reference.evaluate import Array, Numbers, evaluate
from alphadsl.reference.probe_batch import ProbeBatch, Weights

TABLE = np.concatenate([np.geomspace(1e-9, 1e-3, 600), np.linspace(1e-3, 1, 4000)[1:]])
"""Points at which R' is evaluated, denser towards 0."""
HALVINGS = 60

Values = Mapping[str, float]


@dataclass(frozen=True)
class ProbeBatches:
    """Batches of one index set on the sphere, on which losses are weighed for many settings at once."""

    batches: tuple[ProbeBatch, ...]

    def weigh(self, journey: Journey, settings: Sequence[Values]) -> list[Weights]:
        """For each batch, beta (K, A, 1) and alpha (K, A, C); not finite where the loss is not."""
        weighed: dict[int, Weights] = {}
        with np.errstate(all="ignore"):
            for members, numbers in self._stacks:
                stacked = _weigh(journey, settings, numbers)
                for column, member in enumerate(members):
                    weighed[member] = Weights(stacked.attract_A1[:, column], stacked.repel_AC[:, column])
        return [weighed[member] for member in range(len(self.batches))]

    def gradients(self, weights: Sequence[Weights]) -> Iterator[Array]:
        """For each batch, the gradient (K, E, D) on its embeddings."""
        for batch, mine in zip(self.batches, weights, strict=True):
            with np.errstate(all="ignore"):
                yield batch.gradient(mine)

    @cached_property
    def _stacks(self) -> list[tuple[list[int], Numbers]]:
        """Batches of the same shape stacked into one, with an axis B in front, and their indices."""
        shapes: dict[tuple[int, ...], list[int]] = {}
        for member, batch in enumerate(self.batches):
            shapes.setdefault(batch.rows.negative_AC.shape, []).append(member)
        return [(members, _stacked([self.batches[member] for member in members])) for members in shapes.values()]


def _stacked(batches: Sequence[ProbeBatch]) -> Numbers:
    quantities = {name: np.stack([batch.quantities[name] for batch in batches]) for name in batches[0].quantities}
    negative_BAC = np.stack([batch.rows.negative_AC for batch in batches])
    return Numbers(quantities, negative_BAC, {}, np.stack([batch.rows.weight_A1 for batch in batches]))


def _weigh(journey: Journey, settings: Sequence[Values], numbers: Numbers) -> Weights:
    """Beta (K, B, A, 1) and alpha (K, B, A, C)."""
    slope = _slope_of(journey)
    if slope is not None:
        played_KBAC = np.stack([_played(slope, values, numbers) for values in settings])
        return Weights(np.ones((*played_KBAC.shape[:-1], 1)), played_KBAC)
    parameters = {name: np.array([values[name] for values in settings])[:, None, None, None] for name in settings[0]}
    there = replace(numbers, parameters=parameters)
    plain = _derived(journey.alpha, there, len(settings))
    finite_KB11 = np.isfinite(plain.attract_A1).all((2, 3), keepdims=True)
    finite_KB11 &= np.isfinite(plain.repel_AC).all((2, 3), keepdims=True)
    if finite_KB11.all():
        return plain
    # Use the log domain only where the plain formulas overflow.
    stable = _derived(journey.stable, there, len(settings))
    return Weights(
        np.where(finite_KB11, plain.attract_A1, stable.attract_A1),
        np.where(finite_KB11, plain.repel_AC, stable.repel_AC),
    )


def _derived(derived: Derived, numbers: Numbers, settings: int) -> Weights:
    def everywhere(weight: Expr, shape: tuple[int, ...]) -> Array:
        return np.broadcast_to(evaluate(weight, numbers), (settings, *shape))

    negative_BAC = numbers.negative_AC
    repel_KBAC = np.where(negative_BAC, everywhere(derived.repel, negative_BAC.shape), 0.0)
    return Weights(everywhere(derived.attract, (*negative_BAC.shape[:-1], 1)), repel_KBAC)


def _slope_of(journey: Journey) -> Inverse | None:
    if not isinstance(journey.loss.family, MinPlayer):
        return None
    return next((node for node in walk(journey.alpha.repel) if isinstance(node, Inverse)), None)


def _played(inverse: Inverse, values: Values, numbers: Numbers) -> Array:
    """R'(alpha_ij) = d_ij^2 + lambda_i, with lambda_i found by bisection so that every row sums to one."""
    body = substitute(inverse.slope.body, {inverse.slope.argument: NEGATIVE_D2})
    table_1K, one_1K = TABLE[None], np.ones((1, len(TABLE)), bool)
    slope = evaluate(body, Numbers({Quantity.NEGATIVE: table_1K}, one_1K, dict(values), np.ones((1, 1))))
    slope_K = np.broadcast_to(slope, table_1K.shape)[0]
    mask_AC = numbers.negative_AC
    cost_AC = np.where(mask_AC, numbers.quantities[Quantity.NEGATIVE], np.inf)
    count_A1, cheapest_A1 = mask_AC.sum(-1, keepdims=True), cost_AC.min(-1, keepdims=True)
    low_A1 = slope_K[-1] - cheapest_A1
    high_A1 = np.interp(1 / count_A1, TABLE, slope_K) - cheapest_A1
    for _ in range(HALVINGS):
        middle_A1 = (low_A1 + high_A1) / 2
        spent_A1 = _bought(slope_K, cost_AC + middle_A1).sum(-1, keepdims=True)
        low_A1 = np.where(spent_A1 > 1, middle_A1, low_A1)
        high_A1 = np.where(spent_A1 > 1, high_A1, middle_A1)
    alpha_AC = np.where(mask_AC, _bought(slope_K, cost_AC + high_A1), 0.0)
    alpha_AC /= alpha_AC.sum(-1, keepdims=True)
    return alpha_AC


def _bought(slope_K: Array, price_AC: Array) -> Array:
    bought_AC: Array = np.interp(price_AC, slope_K[::-1], TABLE[::-1], left=1.0, right=0.0)
    return bought_AC
