"""Batches on which losses are compared: embeddings with their index set, and the gradient a core gives them, in NumPy.

Comes in: an index set, a space, a state of training. Goes out: a `Scene`, on which two losses of the same index set and
space have the same gradient or not. Legend: E embeddings, a queue's among them, D width, A rows (an anchor with one of
its positives), C candidates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.core import Derived
from alphadsl.ir.kinds import Pairs, Quantity, Space
from alphadsl.ir.nodes import Expr
from alphadsl.reference.evaluate import Array, Numbers, evaluate

Indices = NDArray[np.int64]
STATES = {"random": (10.0, 1.0), "trained": (0.1, 1.0), "spread": (1.0, 1.0), "crowded": (0.15, 0.3)}
SAMPLES, WIDTH, CLASSES, QUEUE = 10, 5, 4, 13


@dataclass(frozen=True)
class Rows:
    """Who meets whom: an anchor and a positive a row, what a row weighs, and the candidates that are its negatives."""

    anchor_A: Indices
    positive_A: Indices
    candidate_C: Indices
    negative_AC: NDArray[np.bool_]
    weight_A1: Array


@dataclass(frozen=True)
class Weights:
    """beta (A, 1), alpha (A, C), 0 where there is no negative, and in Euclidean space what of them distances make."""

    attract_A1: Array
    repel_AC: Array
    stretch: tuple[Array, Array] | None = None

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.attract_A1).all() and np.isfinite(self.repel_AC).all())


@dataclass(frozen=True)
class Scene:
    """Embeddings as a loss sees them, of which those before `moved` receive a gradient."""

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

    def weigh(self, derived: Derived, values: Mapping[str, float]) -> Weights:
        numbers = Numbers(self.quantities, self.rows.negative_AC, values, self.rows.weight_A1)

        def attract(weight: Expr) -> Array:
            return np.broadcast_to(evaluate(weight, numbers), self.rows.weight_A1.shape)

        def repel(weight: Expr) -> Array:
            return np.where(self.rows.negative_AC, evaluate(weight, numbers), 0.0)

        stretch = (attract(derived.stretch[0]), repel(derived.stretch[1])) if derived.stretch else None
        return Weights(attract(derived.attract), repel(derived.repel), stretch)

    def gradient(self, weights: Weights) -> Array:
        """The gradient of the loss on the embeddings, on the sphere its part along the sphere."""
        rows, part_A1 = self.rows, self.rows.weight_A1 / self.rows.weight_A1.sum()
        attract_A1, repel_AC = part_A1 * weights.attract_A1, part_A1 * weights.repel_AC
        anchors_AD, positives_AD = self.z_ED[rows.anchor_A], self.z_ED[rows.positive_A]
        candidates_CD = self.z_ED[rows.candidate_C]
        found_ED = np.zeros_like(self.z_ED)
        np.add.at(found_ED, rows.anchor_A, repel_AC @ candidates_CD - attract_A1 * positives_AD)
        np.add.at(found_ED, rows.positive_A, -attract_A1 * anchors_AD)
        np.add.at(found_ED, rows.candidate_C, repel_AC.T @ anchors_AD)
        if weights.stretch:
            pull_A1, push_AC = (part_A1 * each for each in weights.stretch)
            np.add.at(found_ED, rows.anchor_A, (pull_A1 - push_AC.sum(1, keepdims=True)) * anchors_AD)
            np.add.at(found_ED, rows.positive_A, pull_A1 * positives_AD)
            np.add.at(found_ED, rows.candidate_C, -push_AC.sum(0)[:, None] * candidates_CD)
        if self.space == Space.SPHERE:
            found_ED -= (found_ED * self.z_ED).sum(1, keepdims=True) * self.z_ED
        return found_ED[: self.moved]


def scene_of(pairs: Pairs, space: Space, state: str, seed: int = 0) -> Scene:
    """A small batch in a state of training: views agree more or less, and samples are spread or crowded."""
    rng = np.random.default_rng(seed)
    noise, spread = STATES[state]
    centre_D = rng.normal(size=WIDTH) * (1 - spread) * 2
    base_ND = centre_D + spread * rng.normal(size=(SAMPLES, WIDTH))
    views_ED = np.concatenate([base_ND + noise * rng.normal(size=base_ND.shape) for _ in range(2)])
    further = QUEUE if pairs == Pairs.QUEUE else 0
    z_ED = np.concatenate([views_ED, centre_D + spread * rng.normal(size=(further, WIDTH))])
    if space == Space.SPHERE or state == "random":
        z_ED = z_ED / np.linalg.norm(z_ED, axis=1, keepdims=True)
    label_N = np.arange(SAMPLES) % CLASSES
    return Scene(z_ED, rows_of(pairs, SAMPLES, label_N, further), space, 2 * SAMPLES)


def rows_of(pairs: Pairs, samples: int, label_N: Indices, queue: int) -> Rows:
    """The rows of an index set, embeddings ordered view 0, view 1, queue."""
    every_E = np.arange(2 * samples)
    match pairs:
        case Pairs.QUEUE:
            anchor_A, candidate_C = every_E[:samples], 2 * samples + np.arange(queue)
            all_AC = np.ones((samples, queue), dtype=np.bool_)
            return Rows(anchor_A, anchor_A + samples, candidate_C, all_AC, np.ones((samples, 1)))
        case Pairs.LABELS | Pairs.CLASSES:
            return _label_rows(pairs, np.concatenate([label_N, label_N]))
        case _:
            sample_E, view_E = every_E % samples, every_E // samples
            negative_EE = sample_E[:, None] != sample_E[None, :]
            if pairs != Pairs.TWO_VIEW:
                same_EE = view_E[:, None] == view_E[None, :]
                negative_EE &= same_EE if pairs == Pairs.SAME_VIEW else ~same_EE
            other_E = (every_E + samples) % (2 * samples)
            return Rows(every_E, other_E, every_E, negative_EE, np.ones((2 * samples, 1)))


def _label_rows(pairs: Pairs, label_E: Indices) -> Rows:
    """A row for each anchor and positive, which share the anchor's weight."""
    every_E = np.arange(len(label_E))
    alike_EE = label_E[:, None] == label_E[None, :]
    positive_EE = alike_EE & (every_E[:, None] != every_E[None, :])
    anchor_A, positive_A = positive_EE.nonzero()
    if pairs == Pairs.LABELS:
        negative_AC = (every_E != anchor_A[:, None]) & (every_E != positive_A[:, None])
    else:
        negative_AC = ~alike_EE[anchor_A]
    return Rows(anchor_A, positive_A, every_E, negative_AC, 1 / positive_EE.sum(1)[anchor_A][:, None])
