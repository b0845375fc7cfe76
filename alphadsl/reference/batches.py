"""Small batches of embeddings on which derived quantities are evaluated: cosines and distances, in NumPy.

The states are those that a loss meets in training. A queue has as many further embeddings; each sample is a class of
its own.
"""

from collections.abc import Mapping

import numpy as np

from alphadsl.ir.kinds import Space
from alphadsl.ir.nodes import Loss
from alphadsl.reference.evaluate import Numbers
from alphadsl.reference.probe_batch import ProbeBatch
from alphadsl.reference.rows import rows_of

STATES = ("random", "trained", "spread")
SAMPLES, WIDTH = 12, 6


def batch_of(loss: Loss, state: str, values: Mapping[str, float], seed: int = 0) -> Numbers:
    """The quantities of a batch of twelve samples in a state of training."""
    rng = np.random.default_rng(seed)
    base_ND = rng.normal(size=(SAMPLES, WIDTH))
    noise = {"random": 10.0, "trained": 0.1, "spread": 1.0}[state]
    views = [base_ND + noise * rng.normal(size=base_ND.shape) for _ in range(2)]
    queued = 2 * SAMPLES if "queue" in loss.pairs.takes else 0
    z_ED = np.concatenate([*views, rng.normal(size=(queued, WIDTH))])
    if loss.space == Space.SPHERE or state == "random":
        z_ED = z_ED / np.linalg.norm(z_ED, axis=1, keepdims=True)
    rows = rows_of(loss.pairs, np.arange(SAMPLES), queued)
    return ProbeBatch(z_ED, rows, loss.space, 2 * SAMPLES).numbers(values)
