"""Tiles of all pairs: each pair is met once, off the diagonal by both of its anchors, and sides are equal."""

import math

import pytest
import torch

from alphadsl.backend.streaming.geometry import Meeting, cut, tile_pairs
from alphadsl.ir.index_sets import INDEX_SETS


@pytest.mark.parametrize("pairs", ["two_view", "same_view", "cross_view"])
@pytest.mark.parametrize("mine", [(0, 7), (2, 5)])
def test_every_pair_is_met_once(pairs: str, mine: tuple[int, int]) -> None:
    """By both anchors of a mutual tile, by the anchor along the rows otherwise."""
    tiling = tile_pairs(INDEX_SETS[pairs], 7, 0, mine, 3)
    met = torch.zeros(14, 14, dtype=torch.int64)
    for tile in tiling.tiles:
        met[slice(*tile.rows), slice(*tile.columns)] += 1
        if tile.meeting == Meeting.MUTUAL:
            met[slice(*tile.columns), slice(*tile.rows)] += 1
    place = torch.arange(14)
    own = (place % 7 >= mine[0]) & (place % 7 < mine[1])
    same = place[:, None] // 7 == place // 7
    candidates = {"two_view": same | ~same, "same_view": same, "cross_view": ~same}[pairs]
    assert torch.equal(met, (own[:, None] & candidates).long())


@pytest.mark.parametrize(("pairs", "candidates"), [("two_view", 60 * 60), ("same_view", 2 * 30 * 30)])
def test_a_pair_of_anchors_is_formed_once(pairs: str, candidates: int) -> None:
    """A tile off the diagonal serves the anchors along both of its sides."""
    tiles = tile_pairs(INDEX_SETS[pairs], 30, 0, (0, 30), 5).tiles
    diagonal, off = (
        sum(tile.height * tile.width for tile in tiles if tile.diagonal == wanted) for wanted in (True, False)
    )
    assert diagonal + 2 * off == candidates
    assert off > diagonal


@pytest.mark.parametrize("length", [1, 2, 16, 17, 1000])
def test_spans_are_as_equal_as_can_be(length: int) -> None:
    parts = cut((5, 5 + length), 16)
    sizes = [stop - start for start, stop in parts]
    assert sum(sizes) == length
    assert max(sizes) - min(sizes) <= 1
    assert len(parts) == math.ceil(length / 16)
