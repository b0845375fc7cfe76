"""How the pairs of an index set fall into tiles: each pair of anchors that are candidates of each other is met once.

Points are all embeddings, view 0 then view 1, then the rows of a queue; anchors come first among them. Where several
processes share a batch, each has the tiles of its own anchors against all candidates. Legend: N samples.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from alphadsl.ir.kinds import Pairs

Span = tuple[int, int]


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

    @property
    def diagonal(self) -> bool:
        return self.rows == self.columns

    @property
    def height(self) -> int:
        return self.rows[1] - self.rows[0]

    @property
    def width(self) -> int:
        return self.columns[1] - self.columns[0]


@dataclass(frozen=True)
class Tiling:
    """The tiles of a batch, the number of its anchors, and the negatives of each."""

    tiles: tuple[Tile, ...]
    anchors: int
    negatives: int
    meeting: Meeting

    def met(self, tile: Tile) -> Meeting:
        """A diagonal tile has both products of a pair, each for the anchor along its row."""
        return Meeting.SHARED if self.meeting == Meeting.MUTUAL and tile.diagonal else self.meeting

    @property
    def rows(self) -> tuple[Span, ...]:
        """The distinct spans along rows, in order."""
        return tuple(dict.fromkeys(tile.rows for tile in self.tiles))

    @property
    def sides(self) -> tuple[Span, ...]:
        """The distinct spans along rows and columns."""
        return tuple(dict.fromkeys(side for tile in self.tiles for side in (tile.rows, tile.columns)))

    @property
    def largest(self) -> int:
        return max(tile.height * tile.width for tile in self.tiles)


def tile_pairs(pairs: Pairs, samples: int, queued: int, mine: Span, side: int) -> Tiling:
    """Tiles whose sides are at most `side`, and as equal as they can be; `mine` are the samples of this process."""
    views = (0, samples), (samples, 2 * samples)
    own = [(start + mine[0], start + mine[1]) for start, _ in views]
    alone = mine == (0, samples)
    meeting = Meeting.MUTUAL if alone else Meeting.SHARED
    match pairs:
        case Pairs.TWO_VIEW:
            every = 0, 2 * samples
            tiles = _triangle(every, side) if alone else _rectangles(((row, every) for row in own), side)
            return Tiling(tuple(tiles), 2 * samples, 2 * samples - 2, meeting)
        case Pairs.SAME_VIEW if alone:
            tiles = (tile for view in views for tile in _triangle(view, side))
            return Tiling(tuple(tiles), 2 * samples, samples - 1, meeting)
        case Pairs.SAME_VIEW:
            return Tiling(tuple(_rectangles(zip(own, views, strict=True), side)), 2 * samples, samples - 1, meeting)
        case Pairs.CROSS_VIEW if alone:
            return Tiling(tuple(_rectangles([views], side)), 2 * samples, samples - 1, meeting)
        case Pairs.CROSS_VIEW:
            others = zip(own, reversed(views), strict=True)
            return Tiling(tuple(_rectangles(others, side)), 2 * samples, samples - 1, meeting)
        case Pairs.QUEUE:
            queue = 2 * samples, 2 * samples + queued
            return Tiling(tuple(_rectangles([(own[0], queue)], side)), samples, queued, Meeting.ONE_WAY)
        case _:
            raise ValueError(f"pairs {pairs} come in rows, not in tiles")


def cut(span: Span, side: int) -> list[Span]:
    """A span in parts of at most `side` points that differ by one at most."""
    start, stop = span
    parts = max(1, -(-(stop - start) // side))
    return list(pairwise(start + (stop - start) * part // parts for part in range(parts + 1)))


def _rectangles(blocks: Iterable[tuple[Span, Span]], side: int) -> Iterator[Tile]:
    for rows, columns in blocks:
        yield from (Tile(row, column) for row in cut(rows, side) for column in cut(columns, side))


def _triangle(points: Span, side: int) -> Iterator[Tile]:
    spans = cut(points, side)
    for place, row in enumerate(spans):
        yield from (Tile(row, column) for column in spans[place:])
