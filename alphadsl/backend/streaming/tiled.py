"""A loss step by tiles: passes over the pairs with online statistics, then the pushes, without a matrix of all pairs.

Tiles are processed side by side. Those that add to the same points run in a fixed order, so that sums are the same in
every run. Legend: P points (embeddings, then rows of a queue), A anchors, D embedding width, R rows and C columns of a
tile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.context import queue_in
from alphadsl.backend.program import Program
from alphadsl.backend.runtime.online import settle, start
from alphadsl.backend.runtime.pairs import ids_of
from alphadsl.backend.runtime.points import Points, Received
from alphadsl.backend.runtime.step import Step
from alphadsl.backend.runtime.tiles import Joined, Side, Tensors
from alphadsl.backend.streaming.crew import run_tasks
from alphadsl.backend.streaming.distributed import Ranks
from alphadsl.backend.streaming.geometry import Meeting, Span, Tile, tile_pairs
from alphadsl.backend.streaming.portions import side_on
from alphadsl.backend.streaming.products import Products
from alphadsl.backend.torch_internals import sizes_apart
from alphadsl.ir.core import Core, Pass
from alphadsl.ir.index_sets import VIEWS
from alphadsl.ir.kinds import Over

Cut = dict[Span, Tensors]
SIDE = 512


class Tiled:
    """The streamed step of a core; called like a dense step."""

    def __init__(self, core: Core, program: Program) -> None:
        self._core = core
        self._program = program

    @torch.no_grad()
    def with_gradient(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Step:
        """The value, and its gradients with respect to the samples of this process and to the learned parameters."""
        with sizes_apart():
            run = _Run(self._core, self._program, z_VND, context, parameters, ranks)
            for sweep in self._core.passes:
                run.sweep(sweep)
            return run.step()

    @torch.no_grad()
    def value(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Tensor:
        """The loss alone: nothing is pushed."""
        with sizes_apart():
            run = _Run(self._core, self._program, z_VND, context, parameters, ranks)
            for sweep in self._core.passes:
                run.sweep(replace(sweep, pushes=False))
            return run.value()


class _Run:
    """One step in progress: the statistics computed so far, and what each point has received."""

    def __init__(
        self, core: Core, program: Program, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks
    ) -> None:
        self._core, self._parts, self._parameters, self._ranks = core, program.parts, parameters, ranks
        self._z_VND = ranks.whole_views(z_VND)
        queue = queue_in(core.arrangement, context)
        queued = sum(map(len, queue))
        self._tiling = tile_pairs(core.pairs, ranks.samples, queued, ranks.mine, side_on(z_VND.device, SIDE))
        self._at: Points = self._parts["place"](self._z_VND, queue)
        self._anchors = self._known_of_anchors()
        ids_P1 = ids_of("sample", self._z_VND[0], None, range(VIEWS), queued)[:, None]
        self._ids = _cut((ids_P1, self._at.half_P1), self._tiling.sides)
        self._products = Products(
            self._at.points_PD, self._tiling, sum(sweep.sweeps for sweep in core.passes), core.geometry
        )
        self._settled: dict[str, Tensor] = {}
        self._received = Received(torch.zeros_like(self._at.points_PD), torch.zeros_like(self._at.half_P1))

    def sweep(self, sweep: Pass) -> None:
        """One pass over all tiles, and then the statistics of rows and batch that it completes."""
        states = [state for row in sweep.rows for state in start(row.reduction.over, self._anchors[0])]
        if sweep.sweeps:
            known, fixed = self._call(f"known{sweep.number}")
            first, stop = self._tiling.anchors
            anchored = [side for side in self._tiling.sides if first <= side[0] and side[1] <= stop]
            carried = _cut(states, anchored, first)
            self._visit(sweep, _cut(known, anchored, first), fixed, carried)
            parts = zip(*(carried[span] for span in self._tiling.weighing), strict=True)
            states = [self._joined(part) for part in parts]
        for row in sweep.rows:
            held = 2 if row.reduction.over == Over.LOGSUMEXP else 1
            self._settled[row.name] = settle(row.reduction.over, tuple(states[:held]))
            del states[:held]
        for statistic in sweep.pooled:
            self._settled[statistic.name] = _pooled(statistic.reduction.over, self._call(f"pool_{statistic.name}"))

    def value(self) -> Tensor:
        value_A1: Tensor = self._call("anchors")[0]
        return value_A1.mean()

    def step(self) -> Step:
        known = (*self._anchors, *self._settled.values(), *self._parameters)
        received = Received(*map(self._ranks.summed, self._received))
        value, gradient_VND, slopes = self._parts["gather"](known, self._at, received, self._z_VND)
        return value, gradient_VND[:, slice(*self._ranks.mine)], slopes

    def _visit(self, sweep: Pass, known: Cut, fixed: Tensors, carried: Cut) -> None:
        does = "push" if sweep.pushes else "carry"
        tiles = self._tiling.tiles

        def visit(number: int) -> None:
            tile = tiles[number]
            meeting = tile.meeting
            rows = self._side(tile.rows, known, carried)
            columns = rows.apart() if tile.diagonal else self._side(tile.columns, known, carried)
            s_RC = self._products.of(tile)
            joined: Joined = self._parts[f"{does}_{meeting.weighs}{sweep.number}"](s_RC, rows, columns, fixed)
            carried[tile.rows] = joined.of_rows
            if meeting == Meeting.MUTUAL:
                carried[tile.columns] = joined.of_columns
            if sweep.pushes:
                self._push(tile, meeting.pushes_columns, s_RC, joined.along)

        run_tasks(self._tiling.before, visit, self._at.points_PD)

    def _push(self, tile: Tile, columns_too: bool, weight_RC: Tensor, along: Tensors) -> None:
        """Add what the points along the rows receive, and those along the columns if they are pushed."""
        points_PD, received = self._at.points_PD, self._received
        rows, columns = slice(*tile.rows), slice(*tile.columns)
        received.sums_PD[rows].addmm_(weight_RC, points_PD[columns])
        if columns_too:
            received.sums_PD[columns].addmm_(weight_RC.mT, points_PD[rows])
        for points, pushed_P1 in zip((rows, columns) if columns_too else (rows,), along, strict=False):
            received.along_P1[points] += pushed_P1
        self._products.forget(tile)

    def _known_of_anchors(self) -> Tensors:
        """The first arguments of the generated functions about anchors: s[i], in Euclidean space d[i]^2, the number of
        negatives, (A, 1) each, and the number of anchors (1, 1)."""
        turns = self._views()
        positives = tuple(each_N1.repeat(turns, 1) for each_N1 in self._at.to_positive)
        like_A1 = positives[0]
        return *positives, torch.full_like(like_A1, self._tiling.negatives), like_A1.new_full((1, 1), len(like_A1))

    def _call(self, name: str) -> Any:
        return self._parts[f"{self._core.name}_{name}"](*self._anchors, *self._settled.values(), *self._parameters)

    def _views(self) -> int:
        """The number of views whose embeddings are anchors."""
        first, stop = self._tiling.anchors
        return (stop - first) // self._ranks.samples

    def _joined(self, parts: Sequence[Tensor]) -> Tensor:
        """A statistic (A, 1) of all anchors, from those of this process."""
        views = torch.cat(list(parts)).view(self._views(), -1, 1)
        return self._ranks.whole_views(views).flatten(0, 1)

    def _side(self, span: Span, known: Cut, carried: Cut) -> Side:
        ids_P1, half_P1 = self._ids[span]
        return Side(ids_P1, half_P1, known.get(span, ()), carried.get(span, ()))


def _cut(whole: Sequence[Tensor], spans: Iterable[Span], first: int = 0) -> Cut:
    """The part of each tensor that belongs to a span of points; `first` is the number of the first point in the whole.
    The parts are tensors of their own, since views have offsets that would be compiled for."""
    return {(start, stop): tuple(part[start - first : stop - first].clone() for part in whole) for start, stop in spans}


def _pooled(over: Over, body_A1: Tensor) -> Tensor:
    match over:
        case Over.SUM:
            return body_A1.sum(0, keepdim=True)
        case _:
            assert over == Over.LOGSUMEXP
            return body_A1.logsumexp(0, keepdim=True)
