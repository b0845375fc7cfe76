"""How the pairs of an index set are laid out in a batch: in blocks of views, within which ids are compared.

Which views are paired follows from the index set alone, so it is index arithmetic; which embeddings of two views are
negatives of each other depends on sample and class. Views are numbered in order; the rows of a queue come after them.
"""

from dataclasses import dataclass
from functools import lru_cache

from alphadsl.ir.index_sets import BATCH, VIEWS, Id, IndexSet, Overlap, Predicate, Source

Views = tuple[int, ...]
Sources = tuple[Source, ...]


@dataclass(frozen=True)
class Comparison:
    """A comparison of an id of the anchor, or of its positive, with the same id of a candidate."""

    kind: Id
    differs: bool
    of_positive: bool = False


OTHER_SAMPLE = Comparison(Id.SAMPLE, True)
ITSELF = Comparison(Id.EMBEDDING, True)


@dataclass(frozen=True)
class IdTensor:
    """The ids of one kind for the embeddings of some views, followed by those of the queue if `queue` is set."""

    kind: Id
    views: Views
    queue: bool


@dataclass(frozen=True)
class Search:
    """How rows are found if an anchor has several positives: first by `key`, the position among the ids of one that an
    anchor shares with its positives, if there is one; then by comparing further ids. `views` is the half-open range of
    the views that hold the anchors."""

    key: int | None
    compared: tuple[tuple[int, bool], ...]
    views: tuple[int, int]


@dataclass(frozen=True)
class Arrangement:
    """Anchors and candidates as views, in groups of anchors that have the same candidates; the comparisons that make a
    candidate a negative; and the ids that they need. `transposed` holds for each group the group whose anchors are its
    candidates, if every group has one: then weights [i,j] and [j,i] come from the same matrix.

    With several positives, the ids are those of all embeddings; otherwise those of the anchors of a group, then those
    of its candidates unless they are the same.
    """

    anchors: tuple[Views, ...]
    candidates: tuple[Views, ...]
    labels: bool
    queue: bool
    comparisons: tuple[Comparison, ...]
    ids: tuple[IdTensor, ...]
    transposed: tuple[int, ...] | None
    search: Search

    @property
    def alike(self) -> bool:
        """Whether the anchors of a group have the same ids as its candidates."""
        return len(self.ids) == len(self.comparisons)

    @property
    def needs_classes(self) -> bool:
        """Whether a batch of one class has no negatives."""
        return any(comparison.kind == Id.CLASS and comparison.differs for comparison in self.comparisons)

    @property
    def swaps(self) -> bool:
        """Whether anchors and candidates swap roles between groups, so that both directions use the same products."""
        return self.transposed is not None and self.transposed != tuple(range(len(self.anchors)))

    def pairs(self, samples: int, queued: int) -> int:
        """The number of pairs of an anchor and a candidate, over all anchors."""
        return sum(
            len(anchors) * samples * (len(candidates) * samples + (queued if self.queue else 0))
            for anchors, candidates in zip(self.anchors, self.candidates, strict=True)
        )


@lru_cache(maxsize=64)
def arrange(index_set: IndexSet) -> Arrangement:
    """With one positive, anchors are grouped by their candidates; if these differ in number, all anchors form one
    group, in which views are compared too. With several positives, rows are paired with every possible candidate."""
    groups = candidate_groups(index_set)
    sizes = {(len(anchors), len(candidates), Source.QUEUE in candidates) for candidates, anchors in groups.items()}
    blockwise = index_set.one_positive and len(sizes) == 1
    if not blockwise:
        every = tuple(source for source in Source if any(source in candidates for candidates in groups))
        groups = {every: index_set.anchors}
    anchors = tuple(_views(sources) for sources in groups.values())
    candidates = tuple(_views(sources) for sources in groups)
    opposite = tuple(anchors.index(views) if views in anchors else -1 for views in candidates)
    comparisons = negative_comparisons(index_set, blockwise=blockwise)
    ids = _id_tensors(index_set, anchors[0], candidates[0], comparisons)
    return Arrangement(
        anchors,
        candidates,
        "labels" in index_set.takes,
        "queue" in index_set.takes,
        comparisons,
        ids,
        opposite if is_mutual(index_set) and -1 not in opposite else None,
        _search(index_set, [tensor.kind for tensor in ids]),
    )


def _search(index_set: IndexSet, ids: list[Id]) -> Search:
    key = Id.CLASS if Id.CLASS in index_set.positive.same else None
    compared = [c for c in comparisons_of(index_set.positive) if c.kind in ids and c.kind != key]
    views = _views(index_set.anchors)
    return Search(
        ids.index(key) if key in ids else None,
        tuple((ids.index(c.kind), c.differs) for c in compared),
        (min(views), max(views) + 1),
    )


def _id_tensors(
    index_set: IndexSet, anchors: Views, candidates: Views, comparisons: tuple[Comparison, ...]
) -> tuple[IdTensor, ...]:
    queue = "queue" in index_set.takes
    if not index_set.one_positive:
        positive = {comparison.kind for comparison in comparisons_of(index_set.positive)}
        negative = {comparison.kind for comparison in (*comparisons, *comparisons_of(index_set.negative))}
        kinds = positive | negative | {Id.EMBEDDING}
        return tuple(IdTensor(kind, tuple(range(VIEWS)), queue) for kind in Id if kind in kinds)
    ids = [comparison.kind for comparison in comparisons]
    in_every_view = all(kind in (Id.SAMPLE, Id.CLASS) for kind in ids) and len(anchors) == len(candidates)
    alike = not queue and (in_every_view or anchors == candidates)
    of_candidates = () if alike else tuple(IdTensor(kind, candidates, queue) for kind in ids)
    return tuple(IdTensor(kind, anchors, False) for kind in ids) + of_candidates


def candidates_by_anchor(index_set: IndexSet) -> dict[Source, Sources]:
    """The sources of the candidates, for the anchors from each source."""
    negative = index_set.negative
    return {
        anchor: tuple(source for source in Source if negative.meets(anchor, source)) for anchor in index_set.anchors
    }


def candidate_groups(index_set: IndexSet) -> dict[Sources, Sources]:
    """The sources of anchors, grouped by the sources of their candidates."""
    groups: dict[Sources, Sources] = {}
    for anchor, candidates in candidates_by_anchor(index_set).items():
        groups[candidates] = (*groups.get(candidates, ()), anchor)
    return groups


def is_mutual(index_set: IndexSet) -> bool:
    """Whether every candidate is itself an anchor, and has its anchors as candidates."""
    met = candidates_by_anchor(index_set)
    return all(anchor in met.get(source, ()) for anchor, candidates in met.items() for source in candidates)


def negative_comparisons(index_set: IndexSet, *, blockwise: bool) -> tuple[Comparison, ...]:
    """The comparisons, at least one, that make a candidate a negative of an anchor given one of its positives.
    `blockwise` if anchors are only paired with candidates of the right views."""
    negative = index_set.negative
    comparisons = comparisons_of(negative, blockwise=blockwise)
    if index_set.one_positive:
        separating = {Id.SAMPLE, Id.CLASS} & {*negative.other}
        return comparisons if separating else (*comparisons, OTHER_SAMPLE)
    if not negative.other and {*negative.sources} & {*BATCH}:
        comparisons += (ITSELF,)
    if index_set.overlap != Overlap.NONE:
        comparisons += (Comparison(Id.EMBEDDING, True, of_positive=True),)
    return comparisons or (OTHER_SAMPLE,)


def comparisons_together(index_set: IndexSet) -> tuple[tuple[Comparison, ...], tuple[Comparison, ...]]:
    """The comparisons that make a candidate a positive, and those that make it a negative, of an anchor whose
    positives are computed together."""
    positive, negative = (
        comparisons_of(predicate) + (() if predicate.other else (ITSELF,))
        for predicate in (index_set.positive, index_set.negative)
    )
    return positive, negative


def comparisons_of(predicate: Predicate, *, blockwise: bool = False) -> tuple[Comparison, ...]:
    compared = [kind for kind in Id if kind in (*predicate.same, *predicate.other)]
    return tuple(Comparison(kind, kind in predicate.other) for kind in compared if not (blockwise and kind == Id.VIEW))


def counts_alike(index_set: IndexSet) -> bool:
    """Whether all anchors have the same number of negatives whatever the labels: all candidates of other samples."""
    sources = {(len({*met} & {*BATCH}), Source.QUEUE in met) for met in candidates_by_anchor(index_set).values()}
    comparisons = negative_comparisons(index_set, blockwise=True)
    return index_set.one_positive and comparisons == (OTHER_SAMPLE,) and len(sources) == 1


def negatives_of(index_set: IndexSet, samples: int, queued: int) -> int:
    """The number of negatives of an anchor, if all anchors have the same number."""
    met, *_ = candidates_by_anchor(index_set).values()
    return sum(queued if source == Source.QUEUE else samples - 1 for source in met)


def _views(sources: Sources) -> Views:
    return tuple(BATCH.index(source) for source in sources if source in BATCH)
