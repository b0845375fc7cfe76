"""How the pairs of an index set fall into tiles: each pair of anchors that are candidates of each other is met once.

Points are all embeddings, view 0 then view 1, then the rows of a queue; anchors come first among them. Where several
processes share a batch, each has the tiles of its own anchors against all candidates. Legend: N samples.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import pairwise

from alphadsl.ir.kinds import Pairs

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

    @cached_property
    def before(self) -> tuple[tuple[int, ...], ...]:
        """For each tile the latest before it that add to points it adds to, by number."""
        both = self.meeting != Meeting.ONE_WAY
        overlapping = {
            side: [other for other in self.sides if side[0] < other[1] and other[0] < side[1]] for side in self.sides
        }
        latest: dict[Span, int] = {}
        before = []
        for number, tile in enumerate(self.tiles):
            sides = (tile.rows, tile.columns) if both else (tile.rows,)
            touched = {other for side in sides for other in overlapping[side]}
            before.append(tuple({latest[side] for side in touched if side in latest}))
            latest |= dict.fromkeys(sides, number)
        return tuple(before)

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


@lru_cache(maxsize=32)
def tile_pairs(pairs: Pairs, samples: int, queued: int, mine: Span, side: int) -> Tiling:
    """Tiles whose sides are at most `side`, and as equal as they can be; `mine` are the samples of this process.

    Tiles that follow each other have no points in common as far as that goes, so that they can be done side by side.
    """
    views = (0, samples), (samples, 2 * samples)
    own = [(start + mine[0], start + mine[1]) for start, _ in views]
    alone = mine == (0, samples)
    meeting = Meeting.MUTUAL if alone else Meeting.SHARED
    match pairs:
        case Pairs.TWO_VIEW:
            every = 0, 2 * samples
            tiles = _triangle(every, side) if alone else _rectangles(((row, every) for row in own), side, side)
            return Tiling(tuple(tiles), 2 * samples, 2 * samples - 2, meeting)
        case Pairs.SAME_VIEW if alone:
            tiles = (tile for view in views for tile in _triangle(view, side))
            return Tiling(tuple(tiles), 2 * samples, samples - 1, meeting)
        case Pairs.SAME_VIEW:
            return Tiling(
                tuple(_rectangles(zip(own, views, strict=True), side, side)), 2 * samples, samples - 1, meeting
            )
        case Pairs.CROSS_VIEW if alone:
            return Tiling(tuple(_rectangles([views], side, side)), 2 * samples, samples - 1, meeting)
        case Pairs.CROSS_VIEW:
            others = zip(own, reversed(views), strict=True)
            return Tiling(tuple(_rectangles(others, side, side)), 2 * samples, samples - 1, meeting)
        case Pairs.QUEUE:
            queue = 2 * samples, 2 * samples + queued
            height = min(side, max(SHORTEST, (mine[1] - mine[0]) // ROUND))
            tiles = _rectangles([(own[0], queue)], height, side * side // height)
            return Tiling(tuple(tiles), samples, queued, Meeting.ONE_WAY)
        case _:
            raise ValueError(f"pairs {pairs} come in rows, not in tiles")


def cut(span: Span, side: int) -> list[Span]:
    """A span in parts of at most `side` points that differ by one at most."""
    start, stop = span
    parts = max(1, -(-(stop - start) // side))
    return list(pairwise(start + (stop - start) * part // parts for part in range(parts + 1)))


def _rectangles(blocks: Iterable[tuple[Span, Span]], height: int, width: int) -> Iterator[Tile]:
    """In rounds that meet each row and each column once, like the players of two teams."""
    for whole_rows, whole_columns in blocks:
        rows, columns = cut(whole_rows, height), cut(whole_columns, width)
        rounds = max(len(rows), len(columns))
        for turn in range(rounds):
            for place, row in enumerate(rows):
                opponent = (place + turn) % rounds
                if opponent < len(columns):
                    yield Tile(row, columns[opponent])


def _triangle(points: Span, side: int) -> Iterator[Tile]:
    """In rounds that meet each span once, like the players of a tournament."""
    spans = cut(points, side)
    for turn in range(len(spans)):
        for place, row in enumerate(spans):
            opponent = (turn - place) % len(spans)
            if place <= opponent:
                yield Tile(row, spans[opponent])
