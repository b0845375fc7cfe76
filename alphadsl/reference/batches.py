"""Small batches of embeddings on which derived quantities are looked at: cosines and distances, in NumPy.

The states are those a loss meets in training. Index sets without labels or a queue are as they are; a queue is as many
further embeddings, and labels are two views of each class.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.kinds import Pairs, Quantity, Space
from alphadsl.ir.nodes import Loss
from alphadsl.reference.evaluate import Numbers

STATES = ("random", "trained", "spread")
SAMPLES, WIDTH = 12, 6


def batch_of(loss: Loss, state: str, values: Mapping[str, float], seed: int = 0) -> Numbers:
    """The quantities of a batch of twelve samples in a state."""
    rng = np.random.default_rng(seed)
    base_ND = rng.normal(size=(SAMPLES, WIDTH))
    noise = {"random": 10.0, "trained": 0.1, "spread": 1.0}[state]
    z_AD = np.concatenate([base_ND + noise * rng.normal(size=base_ND.shape) for _ in range(2)])
    if loss.space == Space.SPHERE or state == "random":
        z_AD = z_AD / np.linalg.norm(z_AD, axis=1, keepdims=True)
    return numbers_of(loss, z_AD, values)


def numbers_of(loss: Loss, z_AD: NDArray[np.float64], values: Mapping[str, float]) -> Numbers:
    """The quantities of a batch, anchors all embeddings, view 0 then view 1."""
    anchors = len(z_AD)
    s_AA = z_AD @ z_AD.T
    positive_A = (np.arange(anchors) + anchors // 2) % anchors
    s_A1 = s_AA[np.arange(anchors), positive_A][:, None]
    half_A1 = (z_AD**2).sum(1, keepdims=True) / 2
    quantities = {
        Quantity.POSITIVE: half_A1 + half_A1[positive_A] - s_A1,
        Quantity.NEGATIVE: np.maximum(half_A1 + half_A1.T - s_AA, 0.0),
        Quantity.INNER_POSITIVE: s_A1,
        Quantity.INNER_NEGATIVE: s_AA,
    }
    return Numbers(quantities, _negatives(loss.pairs, anchors), values)


def _negatives(pairs: Pairs, anchors: int) -> NDArray[np.bool_]:
    index = np.arange(anchors)
    sample, view = index % (anchors // 2), index // (anchors // 2)
    others: NDArray[np.bool_] = sample[:, None] != sample[None, :]
    match pairs:
        case Pairs.SAME_VIEW:
            others &= view[:, None] == view[None, :]
        case Pairs.CROSS_VIEW:
            others &= view[:, None] != view[None, :]
        case _:
            pass
    return others
