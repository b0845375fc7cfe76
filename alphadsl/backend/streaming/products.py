"""The inner products of tiles, or minus half squared distances if a loss looks closely at small distances: computed
when a pass visits a tile, and kept for the next pass as memory allows."""

import torch
from torch import Tensor

from alphadsl.backend.runtime.step import half_squared_distances, is_nowhere
from alphadsl.backend.streaming.buffers import Buffers
from alphadsl.backend.streaming.geometry import Tile, Tiling
from alphadsl.ir.kinds import Geometry

KEPT_BYTES = 20 << 20


class Products:
    """S[i,j] of one tile at a time; code that overwrites a tile must call `forget`."""

    def __init__(self, points_PD: Tensor, tiling: Tiling, passes: int, geometry: Geometry) -> None:
        self._points_PD = points_PD
        self._form = FORMED[geometry]
        kept = KEPT_BYTES // points_PD.element_size() // tiling.largest if passes > 1 else 0
        buffers = Buffers(points_PD)
        self._places = {
            tile: buffers.tile(index, tile.height, tile.width) for index, tile in enumerate(tiling.tiles[:kept], 1)
        }
        self._formed: dict[Tile, Tensor] = {}

    def of(self, tile: Tile) -> Tensor:
        """The products of a tile. Those that are not kept are in a buffer of the calling thread, until its next
        call."""
        if tile in self._formed:
            return self._formed[tile]
        kept = self._places.get(tile)
        s_RC = Buffers(self._points_PD).tile(0, tile.height, tile.width) if kept is None else kept
        self._form(self._points_PD[slice(*tile.rows)], self._points_PD[slice(*tile.columns)], s_RC)
        if kept is not None:
            self._formed[tile] = s_RC
        return s_RC

    def forget(self, tile: Tile) -> None:
        self._formed.pop(tile, None)


def _products(rows_RD: Tensor, columns_CD: Tensor, s_RC: Tensor) -> None:
    torch.mm(rows_RD, columns_CD.mT, out=s_RC)


def _minus_half_squares(rows_RD: Tensor, columns_CD: Tensor, s_RC: Tensor) -> None:
    torch.neg(half_squared_distances(rows_RD, columns_CD), out=s_RC)


def _shifted_cosines(rows_RD: Tensor, columns_CD: Tensor, s_RC: Tensor) -> None:
    """s - 1."""
    _minus_half_squares(rows_RD, columns_CD, s_RC)
    s_RC.masked_fill_(is_nowhere(rows_RD) | is_nowhere(columns_CD).mT, -1)


FORMED = {
    Geometry.SPHERE: _products,
    Geometry.EUCLIDEAN: _products,
    Geometry.NEAR_SPHERE: _shifted_cosines,
    Geometry.NEAR_EUCLIDEAN: _minus_half_squares,
}
"""What a tile holds, by geometry."""
