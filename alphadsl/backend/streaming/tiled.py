"""A loss step by tiles: passes over the pairs with statistics carried online, then the pushes, never a matrix of all.

What points receive is gathered tile by tile, in the order of the tiles, so that it is the same from run to run. Legend:
P points (embeddings, then rows of a queue), A anchors, D embedding width, R rows and C columns of a tile.
"""

from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.program import Program
from alphadsl.backend.runtime.online import settle_logsumexp, start
from alphadsl.backend.runtime.step import Step
from alphadsl.backend.runtime.tiles import Joined, Side, Tensors
from alphadsl.backend.streaming.geometry import Tile, tile_pairs
from alphadsl.backend.streaming.points import gather_gradient, place_points
from alphadsl.backend.streaming.products import Products
from alphadsl.backend.streaming.workspace import fastest_products
from alphadsl.ir.core import Core, NamedStatistic, Pass
from alphadsl.ir.kinds import Over, Pairs, Space
from alphadsl.ir.nodes import Pool, Reduce

SIDE = 768


class Tiled:
    """The streamed step of a core; called as a dense step is."""

    def __init__(self, core: Core, program: Program) -> None:
        self._core = core
        self._program = program

    @torch.no_grad()
    def __call__(self, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
        run = _Run(self._core, self._program, z_VND, context, parameters)
        for one in self._core.passes:
            run.sweep(one, pushes=one.pushes)
        return run.step(z_VND)

    @torch.no_grad()
    def value(self, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensor:
        """The loss alone: nothing is pushed."""
        run = _Run(self._core, self._program, z_VND, context, parameters)
        for one in self._core.passes:
            run.sweep(one, pushes=False)
        return run.anchors()[0].mean()


class _Run:
    """One step under way: what has been settled so far, and what each point has received."""

    def __init__(self, core: Core, program: Program, z_VND: Tensor, context: Tensors, parameters: Tensors) -> None:
        self._core, self._program, self._parameters = core, program, parameters
        queued = len(context[0]) if core.pairs == Pairs.QUEUE else 0
        self._tiling = tile_pairs(core.pairs, z_VND.shape[1], queued, SIDE)
        self._points = place_points(core.pairs, core.space, self._tiling, z_VND, context)
        self._products = Products(self._points.points_PD, self._tiling, sum(one.sweeps for one in core.passes))
        self._settled: dict[str, Tensor] = {}
        self._received_PD = torch.zeros_like(self._points.points_PD)
        self._along_P1 = torch.zeros_like(self._points.half_P1)

    def sweep(self, one: Pass, *, pushes: bool) -> None:
        """One pass over all tiles, then what it settles of rows and of the batch."""
        carried = [start(_over(each), self._points.anchors[0]) for each in one.rows]
        if one.rows or pushes:
            known, fixed = self._call(f"known{one.number}")
            sides = "both" if self._tiling.mutual else "rows"
            join = self._program.parts[f"{'push' if pushes else 'carry'}_{sides}{one.number}"]
            with fastest_products(self._received_PD.device):
                for tile in self._tiling.tiles:
                    rows, columns = (self._side(each, known, carried) for each in (tile.rows, tile.columns))
                    s_RC = self._products.of(tile)
                    joined: Joined = join(s_RC, rows, columns, fixed)
                    self._keep(tile, joined, carried)
                    if pushes:
                        self._push(tile, s_RC, joined.along)
        for statistic, state in zip(one.rows, carried, strict=True):
            self._settled[statistic.name] = settle_logsumexp(state) if _over(statistic) == Over.LOGSUMEXP else state
        for statistic in one.pooled:
            self._settled[statistic.name] = _pooled(statistic, self._call(f"pool_{statistic.name}"))

    def anchors(self) -> Tensors:
        """Value, pull, in Euclidean space the pull of distances, slopes: at each anchor."""
        found: Tensors = self._call("anchors")
        return found

    def step(self, z_VND: Tensor) -> Step:
        value_A1, attract_A1, *others = self.anchors()
        stretch = (others.pop(0), self._along_P1) if self._core.space == Space.EUCLIDEAN else None
        gradient_VND = gather_gradient(self._points, z_VND, self._received_PD, attract_A1, stretch)
        return value_A1.mean(), gradient_VND, tuple(slope_A1.mean() for slope_A1 in others)

    def _call(self, name: str) -> Any:
        part = self._program.parts[f"{self._core.name}_{name}"]
        return part(*self._points.anchors, *self._settled.values(), *self._parameters)

    def _side(self, points: slice, known: Tensors, carried: list[Tensor]) -> Side:
        at = self._points
        anchors = () if points.start >= self._tiling.anchors else tuple(each[points] for each in known)
        states = () if points.start >= self._tiling.anchors else tuple(each[points] for each in carried)
        return Side(at.marks_P1[points], at.half_P1[points], anchors, states)

    def _keep(self, tile: Tile, joined: Joined, carried: list[Tensor]) -> None:
        """On the diagonal both sides are the same anchors."""
        for state, newer in zip(carried, joined.of_rows, strict=True):
            state[tile.rows] = newer
        if not tile.diagonal and joined.of_columns:
            for state, newer in zip(carried, joined.of_columns, strict=True):
                state[tile.columns] = newer

    def _push(self, tile: Tile, weight_RC: Tensor, along: Tensors) -> None:
        points_PD, received_PD = self._points.points_PD, self._received_PD
        received_PD[tile.rows].addmm_(weight_RC, points_PD[tile.columns])
        if not tile.diagonal:
            received_PD[tile.columns].addmm_(weight_RC.mT, points_PD[tile.rows])
        sides = (tile.rows,) if tile.diagonal else (tile.rows, tile.columns)
        for points, pushed_P1 in zip(sides, along, strict=False):
            self._along_P1[points] += pushed_P1
        self._products.forget(tile)


def _over(statistic: NamedStatistic) -> Over:
    assert isinstance(statistic.definition, Reduce)
    return statistic.definition.over


def _pooled(statistic: NamedStatistic, body_A1: Tensor) -> Tensor:
    assert isinstance(statistic.definition, Pool)
    match statistic.definition.over:
        case Over.SUM:
            return body_A1.sum(0, keepdim=True)
        case over:
            assert over == Over.LOGSUMEXP
            return body_A1.logsumexp(0, keepdim=True)
