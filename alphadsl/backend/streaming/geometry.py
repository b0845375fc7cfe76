"""How the pairs of an index set are divided into tiles, so that each pair of anchors that are candidates of each other
is visited once.

Points are all embeddings, view 0 then view 1, then the rows of a queue; anchors are the first of them. If several
processes share a batch, each has the tiles of its own anchors against all candidates. Legend: N samples.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import pairwise

from alphadsl.ir.arrangement import Sources, candidate_groups, candidates_by_anchor, is_mutual, negatives_of
from alphadsl.ir.index_sets import BATCH, IndexSet, Source

Span = tuple[int, int]

# Tiles that are added only along rows are made so flat that this many rows of tiles can be processed side by side.
ROUND = 8
SHORTEST = 32


class Meeting(Enum):
    """Which anchors of a tile have their statistics and weights computed from it, and which points are pushed. An
    anchor weighs all its pairs by the same inner products that its statistics were taken over; otherwise the maximum
    would not be attained to the last bit.

    MUTUAL: the anchors along both sides weigh, and both sides are pushed. SHARED: the anchors along the rows weigh, and
    both sides are pushed; those along the columns weigh in another tile or process, by other products. ONE_WAY: only
    the rows weigh and are pushed, since the candidates are not anchors.
    """

    MUTUAL = "both", True
    SHARED = "rows", True
    ONE_WAY = "rows", False

    @property
    def weighs(self) -> str:
        """The side or sides whose anchors weigh."""
        return self.value[0]

    @property
    def pushes_columns(self) -> bool:
        return self.value[1]


@dataclass(frozen=True)
class Tile:
    """Half-open spans of points; a diagonal tile has the same points along both sides."""

    rows: Span
    columns: Span
    meeting: Meeting

    @property
    def diagonal(self) -> bool:
        return self.rows == self.columns

    @property
    def height(self) -> int:
        return self.rows[1] - self.rows[0]

    @property
    def width(self) -> int:
        return self.columns[1] - self.columns[0]

    @property
    def pushed(self) -> tuple[Span, ...]:
        """The sides whose points are pushed."""
        return (self.rows, self.columns) if self.meeting.pushes_columns else (self.rows,)

    @property
    def weighing(self) -> tuple[Span, ...]:
        """The sides whose anchors weigh."""
        return (self.rows, self.columns) if self.meeting == Meeting.MUTUAL else (self.rows,)


@dataclass(frozen=True)
class Tiling:
    """The tiles of a batch, the span of its anchors, and the number of negatives of each anchor."""

    tiles: tuple[Tile, ...]
    anchors: Span
    negatives: int

    @cached_property
    def before(self) -> tuple[tuple[int, ...], ...]:
        """For each tile, the numbers of the latest earlier tiles that add to the same points."""
        overlapping = {
            side: [other for other in self.sides if side[0] < other[1] and other[0] < side[1]] for side in self.sides
        }
        latest: dict[Span, int] = {}
        before = []
        for number, tile in enumerate(self.tiles):
            touched = {other for side in tile.pushed for other in overlapping[side]}
            before.append(tuple({latest[side] for side in touched if side in latest}))
            latest |= dict.fromkeys(tile.pushed, number)
        return tuple(before)

    @property
    def weighing(self) -> tuple[Span, ...]:
        """The distinct spans of the anchors that weigh in these tiles, in order."""
        return tuple(sorted({side for tile in self.tiles for side in tile.weighing}))

    @property
    def sides(self) -> tuple[Span, ...]:
        """The distinct spans along rows and columns."""
        return tuple(dict.fromkeys(side for tile in self.tiles for side in (tile.rows, tile.columns)))

    @property
    def largest(self) -> int:
        return max(tile.height * tile.width for tile in self.tiles)


@lru_cache(maxsize=32)
def tile_pairs(pairs: IndexSet, samples: int, queued: int, mine: Span, side: int) -> Tiling:
    """Tiles whose sides are at most `side`, and as equal as possible; `mine` are the samples of this process.

    The views of the index set determine which spans have pairs. If anchors are candidates of each other, each pair is
    visited once. As far as possible, consecutive tiles have no points in common, so that they can be processed side by
    side.
    """
    ends = 0, samples, len(BATCH) * samples, len(BATCH) * samples + queued
    spans = dict(zip(Source, pairwise(ends), strict=True))
    if mine == (0, samples):
        meet = _weighed_together if is_mutual(pairs) else _weighed_apart
        blocks = [(row, met) for met, anchors in candidate_groups(pairs).items() for row in _runs(anchors, spans)]
    else:
        meet = _weighed_apart
        own = {source: (start + mine[0], start + mine[1]) for source, (start, _) in spans.items()}
        blocks = [(own[anchor], met) for anchor, met in candidates_by_anchor(pairs).items()]
    tiles = [tile for row, met in blocks for tile in meet(row, _runs(met, spans), spans[Source.QUEUE], side)]
    anchors = min(spans[anchor][0] for anchor in pairs.anchors), max(spans[anchor][1] for anchor in pairs.anchors)
    return Tiling(tuple(tiles), anchors, negatives_of(pairs, samples, queued))


def _runs(sources: Sources, spans: Mapping[Source, Span]) -> list[Span]:
    """The spans of embeddings from these sources; consecutive views are joined."""
    runs: list[Span] = []
    for start, stop in (spans[source] for source in sources):
        joins = bool(runs) and runs[-1][1] == start and stop <= spans[Source.QUEUE][0]
        runs[len(runs) - joins :] = [(runs[-1][0] if joins else start, stop)]
    return runs


def _weighed_together(row: Span, columns: Sequence[Span], queue: Span, side: int) -> Iterator[Tile]:
    """Tiles in which both sides are anchors; the blocks below the diagonal are the transposed ones above it."""
    for column in columns:
        if row == column:
            yield from _triangle(row, side)
        elif row < column:
            yield from _rectangles(row, column, side, side, Meeting.MUTUAL)


def _weighed_apart(row: Span, columns: Sequence[Span], queue: Span, side: int) -> Iterator[Tile]:
    """Tiles in which only the anchors along the rows weigh. If no candidate is pushed, tiles are flat."""
    flat = all(column == queue for column in columns)
    height = min(side, max(SHORTEST, (row[1] - row[0]) // ROUND)) if flat else side
    for column in columns:
        meeting = Meeting.ONE_WAY if column == queue else Meeting.SHARED
        yield from _rectangles(row, column, height, side * side // height, meeting)


def cut(span: Span, side: int) -> list[Span]:
    """A span cut into parts of at most `side` points, whose lengths differ by at most one."""
    start, stop = span
    parts = max(1, -(-(stop - start) // side))
    return list(pairwise(start + (stop - start) * part // parts for part in range(parts + 1)))


def _rectangles(row: Span, column: Span, height: int, width: int, meeting: Meeting) -> Iterator[Tile]:
    """Tiles in rounds with each row and each column at most once, like the games between two teams."""
    rows, columns = cut(row, height), cut(column, width)
    rounds = max(len(rows), len(columns))
    for turn in range(rounds):
        for index, part in enumerate(rows):
            opponent = (index + turn) % rounds
            if opponent < len(columns):
                yield Tile(part, columns[opponent], meeting)


def _triangle(points: Span, side: int) -> Iterator[Tile]:
    """Tiles in rounds with each span at most once, like the games of a round-robin tournament. A diagonal tile has both
    products of a pair, each for the anchor along its row."""
    spans = cut(points, side)
    for turn in range(len(spans)):
        for index, row in enumerate(spans):
            opponent = (turn - index) % len(spans)
            if index <= opponent:
                yield Tile(row, spans[opponent], Meeting.SHARED if index == opponent else Meeting.MUTUAL)
