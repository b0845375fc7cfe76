"""The inner products of tiles: formed when a pass comes to a tile, kept for the next pass while memory allows."""

import torch
from torch import Tensor

from alphadsl.backend.streaming.geometry import Tile, Tiling
from alphadsl.backend.streaming.workspace import workspace

Corner = tuple[int, int]
KEPT_BYTES = 24 << 20


class Products:
    """S[i,j] of one tile at a time; whoever overwrites a tile says so."""

    def __init__(self, points_PD: Tensor, tiling: Tiling, passes: int) -> None:
        self._points_PD = points_PD
        self._places: dict[Corner, int] = {}
        self._formed: set[Corner] = set()
        scratch, end = tiling.largest, tiling.largest
        budget = KEPT_BYTES // points_PD.element_size() if passes > 1 else 0
        for tile in tiling.tiles:
            if end - scratch + tile.pairs <= budget:
                self._places[tile.corner] = end
                end += tile.pairs
        self._numbers = workspace(end, points_PD)

    def of(self, tile: Tile) -> Tensor:
        start = self._places.get(tile.corner, 0)
        s_RC = self._numbers[start : start + tile.pairs].view(tile.height, tile.width)
        if tile.corner not in self._formed:
            torch.mm(self._points_PD[tile.rows], self._points_PD[tile.columns].mT, out=s_RC)
        if start:
            self._formed.add(tile.corner)
        return s_RC

    def forget(self, tile: Tile) -> None:
        self._formed.discard(tile.corner)
