"""Small batches on which losses are inspected and compared, and the gradient of a core on them, in NumPy.

Comes in: an index set, a space, a state of training. Comes out: a `ProbeBatch`, on which the gradients of two losses
with the same index set and space can be compared. Legend: E embeddings, including those of a queue, D width, A rows (an
anchor with one of its positives), C candidates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alphadsl.ir.derived import Derived
from alphadsl.ir.index_sets import IndexSet
from alphadsl.ir.kinds import Quantity, Space
from alphadsl.ir.nodes import Expr
from alphadsl.reference.evaluate import Array, Numbers, evaluate
from alphadsl.reference.rows import Rows, rows_of

STATES = {"random": (10.0, 1.0), "trained": (0.1, 1.0), "spread": (1.0, 1.0), "crowded": (0.15, 0.3)}
SAMPLES, WIDTH, CLASSES, QUEUE = 10, 5, 4, 13


@dataclass(frozen=True)
class Weights:
    """beta (A, 1), alpha (A, C), which is 0 where there is no negative, and in Euclidean space the parts of them due to
    distances."""

    attract_A1: Array
    repel_AC: Array
    radial: tuple[Array, Array] | None = None

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.attract_A1).all() and np.isfinite(self.repel_AC).all())


@dataclass(frozen=True)
class ProbeBatch:
    """Embeddings in the space of a loss; those before index `moved` receive a gradient."""

    z_ED: Array
    rows: Rows
    space: Space
    moved: int

    @cached_property
    def quantities(self) -> Mapping[Quantity, Array]:
        anchors_AD, positives_AD = self.z_ED[self.rows.anchor_A], self.z_ED[self.rows.positive_A]
        candidates_CD = self.z_ED[self.rows.candidate_C]
        s_A1 = (anchors_AD * positives_AD).sum(1, keepdims=True)
        s_AC = anchors_AD @ candidates_CD.T
        anchor_A1, candidate_C1 = ((z_ND**2).sum(1, keepdims=True) / 2 for z_ND in (anchors_AD, candidates_CD))
        return {
            Quantity.POSITIVE: ((anchors_AD - positives_AD) ** 2).sum(1, keepdims=True) / 2,
            Quantity.NEGATIVE: np.maximum(anchor_A1 + candidate_C1.T - s_AC, 0.0),
            Quantity.INNER_POSITIVE: s_A1,
            Quantity.INNER_NEGATIVE: s_AC,
        }

    def numbers(self, values: Mapping[str, float]) -> Numbers:
        return Numbers(self.quantities, self.rows.negative_AC, values, self.rows.weight_A1)

    def weigh(self, derived: Derived, values: Mapping[str, float]) -> Weights:
        numbers = self.numbers(values)

        def attract(weight: Expr) -> Array:
            return np.broadcast_to(evaluate(weight, numbers), self.rows.weight_A1.shape)

        def repel(weight: Expr) -> Array:
            return np.where(self.rows.negative_AC, evaluate(weight, numbers), 0.0)

        radial = (attract(derived.radial[0]), repel(derived.radial[1])) if derived.radial else None
        return Weights(attract(derived.attract), repel(derived.repel), radial)

    def gradient(self, weights: Weights) -> Array:
        """The gradient of the loss with respect to the embeddings; on the sphere, its tangential part. Leading axes of
        the weights are kept."""
        rows, part_A1 = self.rows, self.rows.weight_A1 / self.rows.weight_A1.sum()
        attract_A1, repel_AC = part_A1 * weights.attract_A1, part_A1 * weights.repel_AC
        anchors_AD, positives_AD = self.z_ED[rows.anchor_A], self.z_ED[rows.positive_A]
        candidates_CD = self.z_ED[rows.candidate_C]
        anchor_EA, positive_EA, candidate_EC = self._places
        found_ED = anchor_EA @ (repel_AC @ candidates_CD - attract_A1 * positives_AD)
        found_ED -= positive_EA @ (attract_A1 * anchors_AD)
        found_ED += candidate_EC @ (repel_AC.swapaxes(-1, -2) @ anchors_AD)
        if weights.radial:
            pull_A1, push_AC = (part_A1 * part for part in weights.radial)
            found_ED += anchor_EA @ ((pull_A1 - push_AC.sum(-1, keepdims=True)) * anchors_AD)
            found_ED += positive_EA @ (pull_A1 * positives_AD)
            found_ED -= candidate_EC @ (push_AC.sum(-2)[..., None] * candidates_CD)
        if self.space == Space.SPHERE:
            found_ED -= (found_ED * self.z_ED).sum(-1, keepdims=True) * self.z_ED
        moved_ED: Array = found_ED[..., : self.moved, :]
        return moved_ED

    @cached_property
    def _places(self) -> tuple[Array, Array, Array]:
        """Indicator matrices of which embedding is an anchor (E, A), a positive (E, A), a candidate (E, C)."""
        all_E1 = np.arange(len(self.z_ED))[:, None]
        anchor_EA, positive_EA, candidate_EC = (
            (all_E1 == which).astype(np.float64)
            for which in (self.rows.anchor_A, self.rows.positive_A, self.rows.candidate_C)
        )
        return anchor_EA, positive_EA, candidate_EC


def probe_batch(pairs: IndexSet, space: Space, state: str, seed: int = 0) -> ProbeBatch:
    """A small batch in a state of training: views agree more or less, and samples are spread or crowded."""
    rng = np.random.default_rng(seed)
    noise, spread = STATES[state]
    centre_D = rng.normal(size=WIDTH) * (1 - spread) * 2
    base_ND = centre_D + spread * rng.normal(size=(SAMPLES, WIDTH))
    views_ED = np.concatenate([base_ND + noise * rng.normal(size=base_ND.shape) for _ in range(2)])
    further = QUEUE if "queue" in pairs.takes else 0
    z_ED = np.concatenate([views_ED, centre_D + spread * rng.normal(size=(further, WIDTH))])
    if space == Space.SPHERE or state == "random":
        z_ED = z_ED / np.linalg.norm(z_ED, axis=1, keepdims=True)
    label_N = np.arange(SAMPLES) % CLASSES
    return ProbeBatch(z_ED, rows_of(pairs, label_N, further), space, 2 * SAMPLES)
