"""Embeddings of a few samples by a network: embeddings come in; a batch to compare losses on comes out."""

from dataclasses import dataclass

import numpy as np

from alphadsl.ir.index_sets import IndexSet
from alphadsl.ir.kinds import Space
from alphadsl.reference.evaluate import Array
from alphadsl.reference.probe_batch import ProbeBatch
from alphadsl.reference.rows import Indices, rows_of

FEW = 10
"""Number of samples: enough to distinguish two losses, and cheap."""


@dataclass(frozen=True)
class Embedded:
    """Two views of samples as embedded by a network, (2, N, D), and the classes of the samples, (N,)."""

    z_VND: Array
    label_N: Indices

    def batch(self, pairs: IndexSet) -> ProbeBatch:
        """The batch on the sphere, without a queue."""
        z_ED = self.z_VND.reshape(-1, self.z_VND.shape[-1])
        z_ED = z_ED / np.linalg.norm(z_ED, axis=1, keepdims=True)
        return ProbeBatch(z_ED, rows_of(pairs, self.label_N, 0), Space.SPHERE, len(z_ED))
