"""Who is whose positive and negative, index by index, as the papers say: a number of samples, a queue's length or
labels in, the rows of the loss out. Indices count view 0, then view 1, then the queue. Nothing is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """An anchor with one of its positives; `weight` is the part it has in the mean over anchors."""

    anchor: int
    positive: int
    negatives: list[int]
    weight: float = 1.0


def two_view(samples: int) -> list[Row]:
    """SimCLR: all other embeddings but the positive."""
    every = range(2 * samples)
    return [Row(i, (i + samples) % (2 * samples), [j for j in every if j % samples != i % samples]) for i in every]


def same_view(samples: int) -> list[Row]:
    """The other embeddings of the anchor's own view."""
    return [
        Row(row.anchor, row.positive, [j for j in row.negatives if (j < samples) == (row.anchor < samples)])
        for row in two_view(samples)
    ]


def cross_view(samples: int) -> list[Row]:
    """CLIP: those of the opposite view."""
    return [
        Row(row.anchor, row.positive, [j for j in row.negatives if (j < samples) != (row.anchor < samples)])
        for row in two_view(samples)
    ]


def queued(samples: int, queue: int) -> list[Row]:
    """MoCo: view 0 against its keys in view 1 and a queue of past keys."""
    return [Row(i, i + samples, list(range(2 * samples, 2 * samples + queue))) for i in range(samples)]


def labelled(labels: Sequence[int], against_classes: bool) -> list[Row]:
    """SupCon: a row for each positive of an anchor; its negatives are all others, or those of other classes."""
    of = [*labels, *labels]
    every = range(len(of))
    rows = []
    for i in every:
        positives = [p for p in every if p != i and of[p] == of[i]]
        for p in positives:
            others = [j for j in every if j not in (i, p) and not (against_classes and of[j] == of[i])]
            rows.append(Row(i, p, others, 1 / len(positives)))
    return rows
