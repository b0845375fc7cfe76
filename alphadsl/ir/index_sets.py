"""The index sets as data: which embeddings are anchors, and which are the positives and the negatives of each.

An embedding is identified by its ids: its source (a query, view 0 of a sample; its key, view 1; or a queue), its
sample, its view and its class. An index set is a row of the table below: two predicates over the ids of an anchor and
of another embedding. Masks, counts, symmetry, tiles, row blocks, rows and the batches used for inspection follow from
the row (`ir/arrangement.py`). Nothing else distinguishes index sets, so adding one means adding a row.

Two rules hold for every set: no embedding is its own positive or negative, and the positive of a row is never a
negative in that row.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from alphadsl.ir.node import Deferred, node


class Source(StrEnum):
    """Where an embedding comes from: view 0 of a sample, its view 1, or the rows of a queue."""

    QUERY = "query"
    KEY = "key"
    QUEUE = "queue"


BATCH = (Source.QUERY, Source.KEY)
VIEWS = len(BATCH)


class Id(StrEnum):
    """The ids in which two embeddings agree or differ, from the finest to the coarsest; the view is independent of
    sample and class."""

    EMBEDDING = "embedding"
    SAMPLE = "sample"
    CLASS = "class"
    VIEW = "view"


class Overlap(StrEnum):
    """Whether the positives of an anchor are negatives too: none of them, all of them, or some."""

    NONE = "none"
    WHOLE = "whole"
    PART = "part"


@node
class Predicate:
    """Holds for an anchor and another embedding if they agree in the ids `same`, differ in the ids `other`, and the
    other embedding comes from one of the `sources`."""

    same: tuple[Id, ...] = ()
    other: tuple[Id, ...] = ()
    sources: tuple[Source, ...] = BATCH

    @property
    def agreed(self) -> frozenset[Id]:
        """The ids that must agree, including those implied: embeddings of one sample have the same class."""
        return frozenset(self.same) | ({Id.CLASS} if Id.SAMPLE in self.same else set())

    @property
    def differing(self) -> frozenset[Id]:
        """The ids that must differ, including those implied: two classes share no sample, and a view holds each sample
        once."""
        implied = {Id.EMBEDDING}
        implied |= {Id.SAMPLE} if {Id.CLASS} & {*self.other} or Id.VIEW in self.same else set()
        implied |= {Id.VIEW} if Id.SAMPLE in self.same else set()
        return frozenset(self.other) | implied

    def meets(self, anchor: Source, source: Source) -> bool:
        """Whether it can hold for embeddings from these sources; the rows of a queue have no view."""
        if source not in self.sources:
            return False
        return not ((Id.VIEW in self.agreed and anchor != source) or (Id.VIEW in self.differing and anchor == source))


@node
class IndexSet:
    """A row of the table: its name in a spec, the predicates for positives and negatives, the set in words, and the
    sources of the anchors. Raises `ValueError` if no batch could have such pairs."""

    name: str
    positive: Predicate
    negative: Predicate
    words: str
    anchors: tuple[Source, ...] = BATCH

    def __post_init__(self) -> None:
        if Source.QUEUE in (*self.anchors, *self.positive.sources):
            raise ValueError("the rows of a queue receive no gradient: they are neither anchors nor positives")
        if Source.QUEUE in self.negative.sources and Id.CLASS in (*self.negative.same, *self.negative.other):
            raise ValueError("the rows of a queue have no class")
        for predicate in (self.positive, self.negative):
            if predicate.agreed & predicate.differing:
                raise ValueError("ids cannot agree and differ at once")
            if not all(any(predicate.meets(anchor, source) for source in Source) for anchor in self.anchors):
                raise ValueError("some anchors have no source of positives or negatives")

    @property
    def takes(self) -> frozenset[str]:
        """What a call needs in addition to two views: `labels`, `queue`, both or neither."""
        predicates = self.positive, self.negative
        labelled = any(Id.CLASS in (*predicate.same, *predicate.other) for predicate in predicates)
        queued = Source.QUEUE in self.negative.sources
        return frozenset([*(["labels"] if labelled else []), *(["queue"] if queued else [])])

    @property
    def one_positive(self) -> bool:
        """Whether an anchor has one positive, the other view of its sample; otherwise labels determine how many."""
        return Id.SAMPLE in self.positive.same

    @cached_property
    def overlap(self) -> Overlap:
        positive, negative = self.positive, self.negative
        apart = positive.agreed & negative.differing or positive.differing & negative.agreed
        if apart or not {*positive.sources} & {*negative.sources}:
            return Overlap.NONE
        within = {*negative.same} <= positive.agreed and {*negative.other} <= positive.differing
        return Overlap.WHOLE if within and {*positive.sources} <= {*negative.sources} else Overlap.PART

    @property
    def comes_together(self) -> bool:
        """Whether the positives of an anchor can be computed together in one matrix of all embeddings: every embedding
        is an anchor, has the other view of its sample among its positives, and all or none of its positives among its
        negatives."""
        batch = {*self.anchors} == {*self.positive.sources} == {*self.negative.sources} == {*BATCH}
        other_view = not {Id.SAMPLE, Id.CLASS} & {*self.positive.other} and Id.VIEW not in self.positive.same
        return not self.one_positive and batch and other_view and self.overlap != Overlap.PART


OTHER_VIEW = Predicate(same=(Id.SAMPLE,), other=(Id.VIEW,))
SAME_CLASS = Predicate(same=(Id.CLASS,))
ROWS = (
    IndexSet(
        "two_view",
        positive=OTHER_VIEW,
        negative=Predicate(),
        words="all 2N embeddings are anchors, the 2N - 2 of other samples their negatives",
    ),
    IndexSet(
        "same_view",
        positive=OTHER_VIEW,
        negative=Predicate(same=(Id.VIEW,)),
        words="all 2N embeddings are anchors, the N - 1 others of their own view their negatives",
    ),
    IndexSet(
        "cross_view",
        positive=OTHER_VIEW,
        negative=Predicate(other=(Id.VIEW,)),
        words="all 2N embeddings are anchors, the N - 1 others of the opposite view their negatives",
    ),
    IndexSet(
        "queue",
        positive=OTHER_VIEW,
        negative=Predicate(sources=(Source.QUEUE,)),
        anchors=(Source.QUERY,),
        words="the N embeddings of view 0 are anchors, the rows of a queue their negatives",
    ),
    IndexSet(
        "labels",
        positive=SAME_CLASS,
        negative=Predicate(),
        words="positives share the anchor's label (averaged over), all others are negatives",
    ),
    IndexSet(
        "labels against other_classes",
        positive=SAME_CLASS,
        negative=Predicate(other=(Id.CLASS,)),
        words="positives share the anchor's label (averaged over), other classes are negatives",
    ),
)
INDEX_SETS: dict[str, IndexSet] = {row.name: row for row in ROWS}
"""Index sets by the words that follow `pairs` in a spec; a set whose negatives are all others is named without that."""
DEFAULT = INDEX_SETS["two_view"]


def _of_name(given: Any) -> Any:
    return INDEX_SETS.get(given, given) if isinstance(given, str) else given


def _written(row: IndexSet) -> str | Mapping[str, Any] | IndexSet:
    return row.name if INDEX_SETS.get(row.name) == row else row


def _by_name() -> tuple[Any, ...]:
    from pydantic import BeforeValidator, PlainSerializer

    return BeforeValidator(_of_name), PlainSerializer(_written)


# In JSON, a set of the table is written as its name, any other set as its predicates.
Pairs = Annotated[IndexSet, Deferred(_by_name)]
