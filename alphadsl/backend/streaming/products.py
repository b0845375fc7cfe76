"""The inner products of tiles: formed when a pass comes to a tile, kept for the next pass while memory allows."""

import torch
from torch import Tensor

from alphadsl.backend.streaming.geometry import Tile, Tiling
from alphadsl.backend.streaming.workspace import Workspace

KEPT_BYTES = 20 << 20


class Products:
    """S[i,j] of one tile at a time; whoever overwrites a tile says so."""

    def __init__(self, points_PD: Tensor, tiling: Tiling, passes: int) -> None:
        self._points_PD = points_PD
        kept = KEPT_BYTES // points_PD.element_size() // tiling.largest if passes > 1 else 0
        workspace = Workspace(points_PD)
        self._places = {
            tile: workspace.tile(place, tile.height, tile.width) for place, tile in enumerate(tiling.tiles[:kept], 1)
        }
        self._formed: dict[Tile, Tensor] = {}

    def of(self, tile: Tile) -> Tensor:
        """What is not kept lies in memory of the thread that asks, until it asks for the next."""
        if tile in self._formed:
            return self._formed[tile]
        kept = self._places.get(tile)
        s_RC = Workspace(self._points_PD).tile(0, tile.height, tile.width) if kept is None else kept
        torch.mm(self._points_PD[slice(*tile.rows)], self._points_PD[slice(*tile.columns)].mT, out=s_RC)
        if kept is not None:
            self._formed[tile] = s_RC
        return s_RC

    def forget(self, tile: Tile) -> None:
        self._formed.pop(tile, None)
