"""The weights of a candidate on a probe batch, fast: a setting and a batch come in, alpha and beta come out.

A min player whose R' has no inverse on paper costs a bisection inside a bisection; a search meets many. R' falls, so a
table of it is read backwards instead, which is exact to the spacing of the table: enough for angles.
"""

import numpy as np

from alphadsl.explain.candidates import Setting
from alphadsl.ir.build import NEGATIVE_D2
from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import Inverse, MinPlayer
from alphadsl.ir.traversal import substitute, walk
from alphadsl.reference.evaluate import Array, Numbers, evaluate
from alphadsl.reference.probe_batch import ProbeBatch, Weights

TABLE = np.concatenate([np.geomspace(1e-9, 1e-3, 600), np.linspace(1e-3, 1, 4000)[1:]])
"""Where R' is looked at, closer towards 0."""
HALVINGS = 60


def weigh(setting: Setting, batch: ProbeBatch) -> Weights:
    """Alpha and beta; not finite where the loss is not."""
    with np.errstate(all="ignore"):
        slope = _slope_of(setting)
        return setting.weigh(batch) if slope is None else _played(slope, setting, batch)


def gradient_of(setting: Setting, batch: ProbeBatch) -> Array:
    """The gradient of a loss on the embeddings of a batch."""
    with np.errstate(all="ignore"):
        return batch.gradient(weigh(setting, batch))


def _slope_of(setting: Setting) -> Inverse | None:
    if not isinstance(setting.journey.loss.family, MinPlayer):
        return None
    return next((node for node in walk(setting.journey.alpha.repel) if isinstance(node, Inverse)), None)


def _played(inverse: Inverse, setting: Setting, batch: ProbeBatch) -> Weights:
    """R'(alpha_ij) = d_ij^2 + lambda_i, lambda_i found by bisection so that every row sums to one."""
    body = substitute(inverse.slope.body, {inverse.slope.argument: NEGATIVE_D2})
    table_1K, one_1K = TABLE[None], np.ones((1, len(TABLE)), bool)
    numbers = Numbers({Quantity.NEGATIVE: table_1K}, one_1K, dict(setting.values), np.ones((1, 1)))
    slope_K = np.broadcast_to(evaluate(body, numbers), table_1K.shape)[0]
    mask_AC = batch.rows.negative_AC
    cost_AC = np.where(mask_AC, batch.quantities[Quantity.NEGATIVE], np.inf)
    count_A1, cheapest_A1 = mask_AC.sum(1, keepdims=True), cost_AC.min(1, keepdims=True)
    low_A1 = slope_K[-1] - cheapest_A1
    high_A1 = np.interp(1 / count_A1, TABLE, slope_K) - cheapest_A1
    for _ in range(HALVINGS):
        middle_A1 = (low_A1 + high_A1) / 2
        spent_A1 = _bought(slope_K, cost_AC + middle_A1).sum(1, keepdims=True)
        low_A1 = np.where(spent_A1 > 1, middle_A1, low_A1)
        high_A1 = np.where(spent_A1 > 1, high_A1, middle_A1)
    alpha_AC = np.where(mask_AC, _bought(slope_K, cost_AC + high_A1), 0.0)
    return Weights(np.ones(batch.rows.weight_A1.shape), alpha_AC / alpha_AC.sum(1, keepdims=True))


def _bought(slope_K: Array, price_AC: Array) -> Array:
    bought_AC: Array = np.interp(price_AC, slope_K[::-1], TABLE[::-1], left=1.0, right=0.0)
    return bought_AC
