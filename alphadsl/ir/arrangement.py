"""How the pairs of an index set lie in a batch: in blocks of views, in which ids are compared.

Which view meets which is known from the set alone, so that it is index arithmetic; who is whose negative within two
views depends on sample and class. Views are numbered as they come, the rows of a queue stand behind them.
"""

from dataclasses import dataclass
from functools import lru_cache

from alphadsl.ir.index_sets import BATCH, VIEWS, Id, IndexSet, Overlap, Predicate, Source

Views = tuple[int, ...]
Sources = tuple[Source, ...]


@dataclass(frozen=True)
class Comparison:
    """A comparison of an id of the anchor, or of the positive that stands beside it, with that of a candidate."""

    kind: Id
    differs: bool
    of_positive: bool = False


OTHER_SAMPLE = Comparison(Id.SAMPLE, True)
ITSELF = Comparison(Id.EMBEDDING, True)


@dataclass(frozen=True)
class IdTensor:
    """The ids of one kind: of the embeddings of some views, then of a queue if that stands behind them."""

    kind: Id
    views: Views
    queue: bool


@dataclass(frozen=True)
class Search:
    """How rows are found where there are several positives: by the place of an id that an anchor and its positives
    have in common, if there is one, then by comparing further ones; anchors are those of some views, from and to."""

    key: int | None
    compared: tuple[tuple[int, bool], ...]
    views: tuple[int, int]


@dataclass(frozen=True)
class Arrangement:
    """Anchors and candidates as views, in groups of anchors that have the same candidates, what a candidate must be to
    be a negative, and the ids that this is told by. `transposed` are the groups whose anchors are the candidates of
    each, if there are such for all: then weights [i,j] and [j,i] are of one matrix.

    With several positives the ids are those of all embeddings; else of the anchors of a group, then of its
    candidates, unless those are the same.
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
        """Whether the ids of the anchors of a group are those of its candidates."""
        return len(self.ids) == len(self.comparisons)

    @property
    def needs_classes(self) -> bool:
        """Whether a batch of one class has no negatives."""
        return any(comparison.kind == Id.CLASS and comparison.differs for comparison in self.comparisons)

    @property
    def swaps(self) -> bool:
        """Whether anchors and candidates change places, so that both directions are of the same inner products."""
        return self.transposed is not None and self.transposed != tuple(range(len(self.anchors)))

    def pairs(self, samples: int, queued: int) -> int:
        """How many an anchor forms with candidates, over all anchors."""
        return sum(
            len(anchors) * samples * (len(candidates) * samples + (queued if self.queue else 0))
            for anchors, candidates in zip(self.anchors, self.candidates, strict=True)
        )


@lru_cache(maxsize=64)
def arrange(index_set: IndexSet) -> Arrangement:
    """Of a set with one positive: anchors by their candidates; where those are not as many for all, one group of all,
    in which the views are compared too. With several positives, rows are met with all that may be candidates."""
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
        told = positive | negative | {Id.EMBEDDING}
        return tuple(IdTensor(kind, tuple(range(VIEWS)), queue) for kind in Id if kind in told)
    ids = [comparison.kind for comparison in comparisons]
    in_every_view = all(kind in (Id.SAMPLE, Id.CLASS) for kind in ids) and len(anchors) == len(candidates)
    alike = not queue and (in_every_view or anchors == candidates)
    of_candidates = () if alike else tuple(IdTensor(kind, candidates, queue) for kind in ids)
    return tuple(IdTensor(kind, anchors, False) for kind in ids) + of_candidates


def candidates_by_anchor(index_set: IndexSet) -> dict[Source, Sources]:
    """For the anchors from each source, where their candidates come from."""
    negative = index_set.negative
    return {
        anchor: tuple(source for source in Source if negative.meets(anchor, source)) for anchor in index_set.anchors
    }


def candidate_groups(index_set: IndexSet) -> dict[Sources, Sources]:
    """The same by candidates: the anchors that have them in common."""
    groups: dict[Sources, Sources] = {}
    for anchor, candidates in candidates_by_anchor(index_set).items():
        groups[candidates] = (*groups.get(candidates, ()), anchor)
    return groups


def is_mutual(index_set: IndexSet) -> bool:
    """Whether all candidates are anchors, and have their anchors as candidates."""
    met = candidates_by_anchor(index_set)
    return all(anchor in met.get(source, ()) for anchor, candidates in met.items() for source in candidates)


def negative_comparisons(index_set: IndexSet, *, blockwise: bool) -> tuple[Comparison, ...]:
    """What makes a candidate a negative of an anchor beside one of its positives; at least one comparison. `blockwise`
    if only candidates of the right views are met."""
    negative = index_set.negative
    comparisons = comparisons_of(negative, blockwise=blockwise)
    if index_set.one_positive:
        told = {Id.SAMPLE, Id.CLASS} & {*negative.other}
        return comparisons if told else (*comparisons, OTHER_SAMPLE)
    if not negative.other and {*negative.sources} & {*BATCH}:
        comparisons += (ITSELF,)
    if index_set.overlap != Overlap.NONE:
        comparisons += (Comparison(Id.EMBEDDING, True, of_positive=True),)
    return comparisons or (OTHER_SAMPLE,)


def comparisons_together(index_set: IndexSet) -> tuple[tuple[Comparison, ...], tuple[Comparison, ...]]:
    """What makes a candidate a positive and a negative of an anchor whose positives come together."""
    positive, negative = (
        comparisons_of(predicate) + (() if predicate.other else (ITSELF,))
        for predicate in (index_set.positive, index_set.negative)
    )
    return positive, negative


def comparisons_of(predicate: Predicate, *, blockwise: bool = False) -> tuple[Comparison, ...]:
    compared = [kind for kind in Id if kind in (*predicate.same, *predicate.other)]
    return tuple(Comparison(kind, kind in predicate.other) for kind in compared if not (blockwise and kind == Id.VIEW))


def counts_alike(index_set: IndexSet) -> bool:
    """Whether all anchors have as many negatives, whatever the labels: all candidates of other samples."""
    sources = {(len({*met} & {*BATCH}), Source.QUEUE in met) for met in candidates_by_anchor(index_set).values()}
    comparisons = negative_comparisons(index_set, blockwise=True)
    return index_set.one_positive and comparisons == (OTHER_SAMPLE,) and len(sources) == 1


def negatives_of(index_set: IndexSet, samples: int, queued: int) -> int:
    """The number of negatives of an anchor, where all have as many."""
    met, *_ = candidates_by_anchor(index_set).values()
    return sum(queued if source == Source.QUEUE else samples - 1 for source in met)


def _views(sources: Sources) -> Views:
    return tuple(BATCH.index(source) for source in sources if source in BATCH)
