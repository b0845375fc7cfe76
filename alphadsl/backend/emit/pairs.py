"""An index set as torch code: which views are compared with which, and the comparisons of ids that define negatives and
positives.

Ids are tensors in the order of the comparisons: (A,) of anchors or rows, (C,) of candidates.
"""

from collections.abc import Sequence

from alphadsl.ir.arrangement import Arrangement, Comparison, comparisons_together
from alphadsl.ir.core import Core
from alphadsl.ir.index_sets import BATCH, VIEWS
from alphadsl.ir.kinds import Positives

NEGATIVES = """def negatives(of_anchor, of_candidate):
    return {compared}
"""
MASKS = """def masks(of_anchor, of_candidate):
{lines}    return {positive}, {negative}
"""
BY_VIEWS = """

def layout(z_VND, {names}):
    return by_views(
        z_VND,
        {queue},
        ({anchors}, {candidates}),
        negatives,
        anchors={anchor_views},
        candidates={candidate_views},
        transposed={transposed},
    )
"""
BY_ROWS = """

def layout(z_VND, anchor_A, positive_A, weight_A1, {names}):
    return by_rows(
        z_VND,
        {queue},
        ({anchors}, {candidates}),
        negatives,
        (anchor_A, positive_A, weight_A1),
        embeddings={embeddings},
    )
"""


def emit_pairs(core: Core) -> str:
    """`negatives` and `layout`; or `masks` of positives and negatives, if the positives of an anchor are taken
    together."""
    match core.positives:
        case Positives.ONE:
            return _negatives(core.arrangement) + _by_views(core.arrangement)
        case Positives.APART:
            return _negatives(core.arrangement) + _by_rows(core)
        case Positives.TOGETHER:
            return _together(core)


def emit_context(core: Core, queue: str) -> list[str]:
    """The lines that compute the `context` of a layout from z0, `labels` and `queue`, like `context_of` and
    `with_rows`."""
    arrangement = core.arrangement
    labels = "classes(labels)" if arrangement.labels else "None"
    queues = [queue] if arrangement.queue else []
    ids = [
        f'ids_of("{tensor.kind}", z0, {labels}, {tensor.views}, {"len(queue)" if tensor.queue else 0})'
        for tensor in arrangement.ids
    ]
    if core.positives == Positives.ONE:
        return [f"context = {_tuple([*ids, *queues])}"]
    names = [f"{tensor.kind}_E" for tensor in arrangement.ids]
    lines = [f"{name} = {text}" for name, text in zip(names, ids, strict=True)]
    if core.positives == Positives.TOGETHER:
        return [*lines, f"context = {_tuple(names)}"]
    search = arrangement.search
    key = "torch.zeros_like(embedding_E)" if search.key is None else names[search.key]
    compared = _tuple([f"({names[place]}, {differs})" for place, differs in search.compared])
    first, stop = search.views
    rows = f"rows_of({key}[: {VIEWS} * len(z0)], {compared}, ({first} * len(z0), {stop} * len(z0)))"
    return [*lines, f"context = (*{rows}, {', '.join([*names, *queues])})"]


def _by_views(arrangement: Arrangement) -> str:
    of_anchors = [f"{comparison.kind}_A" for comparison in arrangement.comparisons]
    of_candidates = (
        of_anchors if arrangement.alike else [f"{comparison.kind}_C" for comparison in arrangement.comparisons]
    )
    queue = ["queue_QD"] if arrangement.queue else []
    names = [*dict.fromkeys([*of_anchors, *of_candidates]), *queue]
    return BY_VIEWS.format(
        names=", ".join(names),
        queue=_tuple(queue),
        anchors=_tuple(of_anchors),
        candidates=_tuple(of_candidates),
        anchor_views=arrangement.anchors,
        candidate_views=arrangement.candidates,
        transposed=arrangement.transposed,
    )


def _by_rows(core: Core) -> str:
    arrangement = core.arrangement
    embeddings = bool({*core.pairs.negative.sources} & {*BATCH})
    queue = ["queue_QD"] if arrangement.queue else []
    of_rows = [f"{c.kind}_E[{'positive_A' if c.of_positive else 'anchor_A'}]" for c in arrangement.comparisons]
    first = "" if embeddings else f"[{VIEWS} * z_VND.shape[1] :]"
    return BY_ROWS.format(
        names=", ".join([*(f"{tensor.kind}_E" for tensor in arrangement.ids), *queue]),
        queue=_tuple(queue),
        anchors=_tuple(of_rows),
        candidates=_tuple([f"{c.kind}_E{first}" for c in arrangement.comparisons]),
        embeddings=embeddings,
    )


def _negatives(arrangement: Arrangement) -> str:
    """Comparisons of the same ids at different positions are kept apart."""
    compared = [_compared(place, comparison) for place, comparison in enumerate(arrangement.comparisons)]
    joined = compared[0] if len(compared) == 1 else " & ".join(f"({comparison})" for comparison in compared)
    return NEGATIVES.format(compared=joined)


def _together(core: Core) -> str:
    """Each comparison is written once and used by both masks."""
    ids = [tensor.kind for tensor in core.arrangement.ids]
    positive, negative = comparisons_together(core.pairs)
    names = {c: f"{'other' if c.differs else 'same'}_{c.kind}" for c in (*positive, *negative)}
    lines = [f"    {name} = {_compared(ids.index(c.kind), c)}\n" for c, name in names.items()]
    masks = [" & ".join(names[c] for c in comparisons) for comparisons in (positive, negative)]
    return MASKS.format(lines="".join(lines), positive=masks[0], negative=masks[1])


def _compared(place: int, comparison: Comparison) -> str:
    return f"of_anchor[{place}][:, None] {'!=' if comparison.differs else '=='} of_candidate[{place}]"


def _tuple(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
