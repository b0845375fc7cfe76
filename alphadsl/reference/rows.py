"""Which embeddings are positives and negatives of which, from the predicates of an index set, pair by pair, with
nothing derived.

Embeddings are in the order view 0, view 1, rows of a queue. Legend: N samples, E embeddings, A rows (an anchor with one
of its positives), C candidates: those of both views, if any of them is a negative, and the rows of a queue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.index_sets import BATCH, Id, IndexSet, Predicate, Source

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
SOURCES = {source: number for number, source in enumerate(Source)}


@dataclass(frozen=True)
class Rows:
    """One anchor and positive per row, the candidates that are its negatives, and its weight in the mean over anchors;
    the weights of an anchor's rows sum to 1."""

    anchor_A: Indices
    positive_A: Indices
    candidate_C: Indices
    negative_AC: Mask
    weight_A1: Array


def rows_of(index_set: IndexSet, label_N: Indices, queued: int) -> Rows:
    """The rows of a batch. Without labels, give each sample a class of its own."""
    ids, source_E = _ids(label_N, queued)
    itself_EE = np.eye(len(source_E), dtype=np.bool_)
    anchor_E = np.isin(source_E, [SOURCES[source] for source in index_set.anchors])
    positive_EE = anchor_E[:, None] & _holds(index_set.positive, ids, source_E) & ~itself_EE
    anchor_A, positive_A = positive_EE.nonzero()
    negative_EE = _holds(index_set.negative, ids, source_E) & ~itself_EE
    first = 0 if {*index_set.negative.sources} & {*BATCH} else len(BATCH) * len(label_N)
    candidate_C = np.arange(first, len(source_E))
    negative_AC = (negative_EE[anchor_A] & ~itself_EE[positive_A])[:, candidate_C]
    return Rows(anchor_A, positive_A, candidate_C, negative_AC, 1 / positive_EE.sum(1)[anchor_A][:, None])


def _ids(label_N: Indices, queued: int) -> tuple[dict[Id, Indices], Indices]:
    """The ids of all embeddings, and their sources; the rows of a queue share no sample, class or view with any other
    embedding."""
    samples, queue_Q = len(label_N), -1 - np.arange(queued)
    views = len(BATCH)
    ids = {
        Id.EMBEDDING: np.arange(views * samples + queued),
        Id.SAMPLE: np.concatenate([np.tile(np.arange(samples), views), queue_Q]),
        Id.CLASS: np.concatenate([np.tile(np.unique(label_N, return_inverse=True)[1], views), queue_Q]),
        Id.VIEW: np.concatenate([np.repeat(np.arange(views), samples), queue_Q]),
    }
    queue = np.full(queued, SOURCES[Source.QUEUE])
    return ids, np.concatenate([np.repeat([SOURCES[source] for source in BATCH], samples), queue])


def _holds(predicate: Predicate, ids: dict[Id, Indices], source_E: Indices) -> Mask:
    """A mask (E, E) of where a predicate holds, for embeddings as anchors (rows) against all others (columns)."""
    holds_EE = np.broadcast_to(
        np.isin(source_E, [SOURCES[source] for source in predicate.sources]), (len(source_E),) * 2
    )
    for kind in predicate.same:
        holds_EE = holds_EE & (ids[kind][:, None] == ids[kind])
    for kind in predicate.other:
        holds_EE = holds_EE & (ids[kind][:, None] != ids[kind])
    return holds_EE
