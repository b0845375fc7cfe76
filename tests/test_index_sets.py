"""An index set is one row: sets that nobody has heard of, each added by its row alone, run dense, streamed with tiles
and row blocks that do not divide the batch, in the interpreter and as a file of their own, against masks by hand.

Embeddings are numbered view 0, view 1, queue. Legend: N samples, D width, Q rows of the queue, E all of them.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.backend.streaming import cells, row_blocks, tiled
from alphadsl.backend.streaming.geometry import Meeting, tile_pairs
from alphadsl.ir.arrangement import counts_alike
from alphadsl.ir.index_sets import INDEX_SETS, OTHER_VIEW, Id, IndexSet, Predicate, Source
from alphadsl.ir.loss_json import LOSS_JSON

N, D, Q = 5, 3, 4
VIEW = (Id.VIEW,)
CLASS = (Id.CLASS,)
KEYS, ROWS_OF_QUEUE, EVERYWHERE = (Source.KEY,), (Source.QUEUE,), tuple(Source)
LABELS = [0, 1, 0, 2, 1]


class MadeUp(NamedTuple):
    """A row, and by hand: the anchors, and which embeddings are positives and negatives of which, apart from the
    embedding itself and the positive beside it."""

    row: IndexSet
    anchors: range
    positive: Callable[[int, int], bool]
    negative: Callable[[int, int], bool]


def row(
    negative: Predicate, positive: Predicate = OTHER_VIEW, anchors: tuple[Source, ...] = (Source.QUERY, Source.KEY)
) -> IndexSet:
    return IndexSet("made_up", positive=positive, negative=negative, anchors=anchors, words="a set of this test")


def twin(i: int, p: int) -> bool:
    return p == (i + N) % (2 * N)


def alike(i: int, j: int) -> bool:
    return j < 2 * N and LABELS[i % N] == LABELS[j % N]


def opposite(i: int, j: int) -> bool:
    return j >= 2 * N or i // N != j // N


BOTH, FIRST, SECOND = range(2 * N), range(N), range(N, 2 * N)
MADE_UP = {
    "the other view, both ways": MadeUp(
        row(Predicate(other=VIEW)), BOTH, twin, lambda i, j: j < 2 * N and opposite(i, j)
    ),
    "queries to keys": MadeUp(
        row(Predicate(other=VIEW), anchors=(Source.QUERY,)), FIRST, twin, lambda i, j: N <= j < 2 * N
    ),
    "keys to queries": MadeUp(row(Predicate(other=VIEW), anchors=(Source.KEY,)), SECOND, twin, lambda i, j: j < N),
    "all to keys": MadeUp(row(Predicate(sources=KEYS)), BOTH, twin, lambda i, j: N <= j < 2 * N),
    "queries to batch and queue": MadeUp(
        row(Predicate(sources=EVERYWHERE), anchors=(Source.QUERY,)), FIRST, twin, lambda i, j: True
    ),
    "the other view and the queue": MadeUp(row(Predicate(other=VIEW, sources=EVERYWHERE)), BOTH, twin, opposite),
    "keys for queries, the queue for all": MadeUp(
        row(Predicate(other=VIEW, sources=(Source.KEY, Source.QUEUE))),
        BOTH,
        twin,
        lambda i, j: j >= N and opposite(i, j),
    ),
    "the other view against other classes": MadeUp(
        row(Predicate(other=CLASS)), BOTH, twin, lambda i, j: j < 2 * N and not alike(i, j)
    ),
    "other classes of the own view": MadeUp(
        row(Predicate(same=VIEW, other=CLASS)),
        BOTH,
        twin,
        lambda i, j: not opposite(i, j) and not alike(i, j),
    ),
    "the class in the other view": MadeUp(
        row(Predicate(), Predicate(same=CLASS, other=VIEW)),
        BOTH,
        lambda i, p: alike(i, p) and opposite(i, p),
        lambda i, j: j < 2 * N,
    ),
    "the class without the other view": MadeUp(
        row(Predicate(), Predicate(same=CLASS, other=(Id.SAMPLE,))),
        BOTH,
        lambda i, p: alike(i, p) and i % N != p % N,
        lambda i, j: j < 2 * N,
    ),
    "the class against the other view": MadeUp(
        row(Predicate(other=VIEW), Predicate(same=CLASS)), BOTH, alike, lambda i, j: j < 2 * N and opposite(i, j)
    ),
    "the class against a queue": MadeUp(
        row(Predicate(sources=ROWS_OF_QUEUE), Predicate(same=CLASS)), BOTH, alike, lambda i, j: j >= 2 * N
    ),
    "queries of a class against others": MadeUp(
        row(Predicate(other=CLASS), Predicate(same=CLASS), (Source.QUERY,)),
        FIRST,
        alike,
        lambda i, j: j < 2 * N and not alike(i, j),
    ),
}
# Tiles, or with labels one matrix; a multiplier, which needs row blocks; in space with labels, a row for each.
LOSSES = {
    "infonce": "extends infonce {",
    "square": "extends square {",
    "cauchy": "{\n  space euclidean\n  phi(x) = log(1 + x)\n  psi(x) = exp(x)",
}

# The interpreter solves the game of each positive anew, which is slow and nothing new.
CASES = [
    (title, name)
    for title, made_up in MADE_UP.items()
    for name in LOSSES
    if name != "square" or made_up.row.one_positive
]
TILED = [title for title, made_up in MADE_UP.items() if counts_alike(made_up.row)]


@pytest.fixture(params=MADE_UP)
def made_up(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeUp]:
    """A set of the language from here on; `cross_view` is none. The order is put back too, since messages have it."""
    those_of_the_language = dict(INDEX_SETS)
    del INDEX_SETS["cross_view"]
    found = MADE_UP[request.param]
    INDEX_SETS[found.row.name] = found.row
    monkeypatch.setattr(tiled, "SIDE", 4)
    for module in (row_blocks, cells):
        monkeypatch.setattr(module, "ROW_BLOCK_PAIRS", 3 * 2 * N)
    yield found
    INDEX_SETS.clear()
    INDEX_SETS.update(those_of_the_language)


def load(name: str, **options: Any) -> ContrastiveLoss:
    head, _, body = LOSSES[name].partition("{")
    row = INDEX_SETS["made_up"]  # told apart in the text, since tests remember texts that were checked
    text = f"# {hash(row)}\nloss l {head}{{\n  pairs {row.name}{body}\n}}\n"
    return alphadsl.loads(text, **{"compile": False, **options})


def batch(made_up: MadeUp) -> tuple[Tensor, dict[str, Tensor]]:
    rng = torch.Generator().manual_seed(0)
    z_VND, queue_QD = (torch.randn(*shape, D, generator=rng, dtype=torch.float64) for shape in ((2, N), (Q,)))
    given = {"labels": torch.tensor(LABELS), "queue": queue_QD}
    return z_VND, {name: given[name] for name in made_up.row.takes}


def answer(loss: ContrastiveLoss, z_VND: Tensor, further: dict[str, Tensor]) -> list[Tensor]:
    views = [z_ND.clone().requires_grad_() for z_ND in z_VND]
    value = loss(*views, **further)
    weights = loss.importance(*z_VND, **further)
    return [value.detach(), torch.stack(torch.autograd.grad(value, views)), weights.repel, weights.attract]


def truth(made_up: MadeUp, name: str, z_VND: Tensor, further: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Value and gradient from the masks, pair by pair."""
    leaf_VND = z_VND.clone().requires_grad_()
    queue_QD = further.get("queue", z_VND[0, :0])
    u_ED = torch.cat([leaf_VND.flatten(0, 1), queue_QD])
    u_ED = u_ED if name == "cauchy" else torch.nn.functional.normalize(u_ED, dim=1)
    values, weights = [], []
    for i in made_up.anchors:
        positives = [p for p in range(2 * N) if p != i and made_up.positive(i, p)]
        for p in positives:
            negatives = [j for j in range(len(u_ED)) if j not in (i, p) and made_up.negative(i, j)]
            near, far = (u_ED[i] - u_ED[p]).square().sum() / 2, (u_ED[i] - u_ED[negatives]).square().sum(1) / 2
            values.append(VALUES[name](near - far))
            weights.append(1 / len(positives))
    value = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    (gradient_VND,) = torch.autograd.grad(value, leaf_VND)
    return value.detach(), gradient_VND


VALUES: dict[str, Callable[[Tensor], Tensor]] = {
    "infonce": lambda x_J: 0.5 * torch.log1p(torch.exp(x_J / 0.5).sum()),
    "cauchy": lambda x_J: torch.log1p(torch.exp(x_J).sum()),
}


@pytest.mark.parametrize(("made_up", "name"), CASES, indirect=["made_up"])
def test_a_row_is_all_that_a_set_needs(name: str, made_up: MadeUp) -> None:
    z_VND, further = batch(made_up)
    expected = answer(load(name, backend="interpreter"), z_VND, further)
    if name in VALUES:
        for a, b in zip(expected, truth(made_up, name, z_VND, further), strict=False):
            torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-10)
    for backend in ("dense", "streaming"):
        for a, b in zip(answer(load(name, backend=backend), z_VND, further), expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("mine", [(0, N), (1, 4)])
@pytest.mark.parametrize("made_up", TILED, indirect=True)
def test_its_tiles_are_index_arithmetic(mine: tuple[int, int], made_up: MadeUp) -> None:
    """Each pair of an anchor of this process and what may be a negative of it is in one tile, and no other pair in any;
    a sample tells itself from others within a tile."""
    met = torch.zeros(2 * N + Q, 2 * N + Q, dtype=torch.int64)
    for tile in tile_pairs(made_up.row, N, Q, mine, 3).tiles:
        met[slice(*tile.rows), slice(*tile.columns)] += 1
        if tile.meeting == Meeting.MUTUAL:
            met[slice(*tile.columns), slice(*tile.rows)] += 1
    own = [i for i in made_up.anchors if mine[0] <= i % N < mine[1]]
    expected = [[int(i in own and made_up.negative(i, j)) for j in range(len(met))] for i in range(len(met))]
    assert met.tolist() == expected


def test_its_file_runs_with_torch_alone(made_up: MadeUp) -> None:
    z_VND, further = batch(made_up)
    for name in ("infonce", "cauchy"):
        namespace: dict[str, Any] = {}
        exec(load(name).source, namespace)
        value, g0_ND, g1_ND = namespace["loss"](*z_VND, **further)
        expected = answer(load(name, backend="dense"), z_VND, further)
        torch.testing.assert_close([value, torch.stack([g0_ND, g1_ND])], expected[:2])


@pytest.mark.slow
@pytest.mark.parametrize("made_up", ["all to keys", "the class without the other view"], indirect=True)
def test_second_derivatives_are_those_of_the_masks(made_up: MadeUp) -> None:
    z_VND, further = batch(made_up)
    loss = load("infonce")
    z_VND.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: torch.autograd.grad(loss(*z, **further), z, create_graph=True)[0], z_VND)


@pytest.mark.parametrize("made_up", ["keys to queries"], indirect=True)
def test_it_is_written_with_its_predicates(made_up: MadeUp) -> None:
    """A set that a reader may not have comes with its row; one of the language by its name."""
    spec = load("infonce").spec
    text = LOSS_JSON.dump_json(spec)
    assert b'"pairs":"made_up"' in text
    del INDEX_SETS["made_up"]
    assert LOSS_JSON.validate_json(LOSS_JSON.dump_json(spec)) == spec
