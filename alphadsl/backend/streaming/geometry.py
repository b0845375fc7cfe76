"""How the pairs of an index set fall into tiles: each pair of anchors that candidates of each other is met once.

Points are all embeddings, view 0 then view 1, then the rows of a queue; anchors come first among them. Legend: P
points, A anchors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from alphadsl.ir.kinds import Pairs


@dataclass(frozen=True)
class Tile:
    """Ranges of points; a diagonal tile has the same points along both sides."""

    rows: slice
    columns: slice

    @property
    def diagonal(self) -> bool:
        return self.rows == self.columns

    @property
    def corner(self) -> tuple[int, int]:
        return self.rows.start, self.columns.start

    @property
    def height(self) -> int:
        return int(self.rows.stop - self.rows.start)

    @property
    def width(self) -> int:
        return int(self.columns.stop - self.columns.start)

    @property
    def pairs(self) -> int:
        return self.height * self.width


@dataclass(frozen=True)
class Tiling:
    """The tiles of a batch, the number of anchors, and the negatives of each.

    Where tiles are `mutual`, the columns are anchors too, whose candidates are the rows.
    """

    tiles: tuple[Tile, ...]
    anchors: int
    negatives: int
    mutual: bool

    @property
    def largest(self) -> int:
        return max(tile.pairs for tile in self.tiles)


def tile_pairs(pairs: Pairs, samples: int, queued: int, side: int) -> Tiling:
    """Tiles whose sides are at most `side`, and as equal as they can be."""
    first, second = slice(0, samples), slice(samples, 2 * samples)
    match pairs:
        case Pairs.TWO_VIEW:
            return Tiling(tuple(_triangle(slice(0, 2 * samples), side)), 2 * samples, 2 * samples - 2, True)
        case Pairs.SAME_VIEW:
            both = (*_triangle(first, side), *_triangle(second, side))
            return Tiling(both, 2 * samples, samples - 1, True)
        case Pairs.CROSS_VIEW:
            return Tiling(tuple(rectangle(first, second, side)), 2 * samples, samples - 1, True)
        case Pairs.QUEUE:
            queue = slice(2 * samples, 2 * samples + queued)
            return Tiling(tuple(rectangle(first, queue, side)), samples, queued, False)
        case _:
            raise ValueError(f"pairs {pairs} come in rows, not in tiles")


def rectangle(rows: slice, columns: slice, side: int) -> Iterator[Tile]:
    for row in cut(rows, side):
        yield from (Tile(row, column) for column in cut(columns, side))


def _triangle(points: slice, side: int) -> Iterator[Tile]:
    blocks = cut(points, side)
    for place, row in enumerate(blocks):
        yield from (Tile(row, column) for column in blocks[place:])


def cut(points: slice, side: int) -> list[slice]:
    """A range in parts of at most `side` points that differ by one at most."""
    length = points.stop - points.start
    parts = max(1, -(-length // side))
    ends = [points.start + length * part // parts for part in range(parts + 1)]
    return [slice(low, high) for low, high in zip(ends, ends[1:], strict=False)]
