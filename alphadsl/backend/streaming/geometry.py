"""How the pairs of an index set fall into tiles: each pair of anchors that are candidates of each other is met once.

Points are all embeddings, view 0 then view 1, then the rows of a queue; anchors come first among them. Where several
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

# Where rows alone add up, a tile is as flat as leaves this many rows of tiles to be done side by side.
ROUND = 8
SHORTEST = 32


class Meeting(Enum):
    """Whose statistics a tile joins and whose weights it makes, and whom those push. An anchor weighs all its pairs by
    the inner products that its statistics were taken over: a maximum of others would not be attained to the last bit.

    MUTUAL: the anchors along both sides weigh, and all are pushed. SHARED: those along the rows weigh and both sides
    are pushed; those along the columns weigh in another tile or process, by products of its own. ONE_WAY: the rows
    alone, as the candidates are no anchors.
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
    """Spans of points, from and to; a diagonal tile has the same points along both sides."""

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
    """The tiles of a batch, the span of its anchors, and the number of negatives of each."""

    tiles: tuple[Tile, ...]
    anchors: Span
    negatives: int

    @cached_property
    def before(self) -> tuple[tuple[int, ...], ...]:
        """For each tile the latest before it that add to points it adds to, by number."""
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
    """Tiles whose sides are at most `side`, and as equal as they can be; `mine` are the samples of this process.

    Which spans meet is known from the views of the index set. Where anchors are candidates of each other, each pair is
    met once. Tiles that follow each other have no points in common as far as that goes, so that they can be done side
    by side.
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
    """Where embeddings from these sources are, views that follow each other together."""
    runs: list[Span] = []
    for start, stop in (spans[source] for source in sources):
        joins = bool(runs) and runs[-1][1] == start and stop <= spans[Source.QUEUE][0]
        runs[len(runs) - joins :] = [(runs[-1][0] if joins else start, stop)]
    return runs


def _weighed_together(row: Span, columns: Sequence[Span], queue: Span, side: int) -> Iterator[Tile]:
    """Where both sides are anchors; the blocks below the diagonal are those above it."""
    for column in columns:
        if row == column:
            yield from _triangle(row, side)
        elif row < column:
            yield from _rectangles(row, column, side, side, Meeting.MUTUAL)


def _weighed_apart(row: Span, columns: Sequence[Span], queue: Span, side: int) -> Iterator[Tile]:
    """Where the anchors along the rows weigh alone. If none of the others is pushed, tiles are flat."""
    flat = all(column == queue for column in columns)
    height = min(side, max(SHORTEST, (row[1] - row[0]) // ROUND)) if flat else side
    for column in columns:
        meeting = Meeting.ONE_WAY if column == queue else Meeting.SHARED
        yield from _rectangles(row, column, height, side * side // height, meeting)


def cut(span: Span, side: int) -> list[Span]:
    """A span in parts of at most `side` points that differ by one at most."""
    start, stop = span
    parts = max(1, -(-(stop - start) // side))
    return list(pairwise(start + (stop - start) * part // parts for part in range(parts + 1)))


def _rectangles(row: Span, column: Span, height: int, width: int, meeting: Meeting) -> Iterator[Tile]:
    """In rounds that meet each row and each column once, like the players of two teams."""
    rows, columns = cut(row, height), cut(column, width)
    rounds = max(len(rows), len(columns))
    for turn in range(rounds):
        for place, part in enumerate(rows):
            opponent = (place + turn) % rounds
            if opponent < len(columns):
                yield Tile(part, columns[opponent], meeting)


def _triangle(points: Span, side: int) -> Iterator[Tile]:
    """In rounds that meet each span once, like the players of a tournament. A diagonal tile has both products of a
    pair, each for the anchor along its row."""
    spans = cut(points, side)
    for turn in range(len(spans)):
        for place, row in enumerate(spans):
            opponent = (turn - place) % len(spans)
            if place <= opponent:
                yield Tile(row, spans[opponent], Meeting.SHARED if place == opponent else Meeting.MUTUAL)
