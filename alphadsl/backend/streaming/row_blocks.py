"""A loss step by row blocks: some rows at a time against all their candidates, for losses that need whole rows at once.

The multiplier of a row is found while the whole row is available: finding it tile by tile would compute all products
again at each step of the solver. Rows interact only in the mean, so row blocks are added up, in order. Legend: V 2
views, N samples, E embeddings (view 0, then view 1), P points (embeddings, then the rows of a queue), A rows, C
candidates, D embedding width.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from alphadsl.backend.context import classes_in, ids_in, queue_in
from alphadsl.backend.program import Program
from alphadsl.backend.runtime.pairs import Axis, ids_of
from alphadsl.backend.runtime.row_blocks import RowResults, Rows
from alphadsl.backend.runtime.step import Step
from alphadsl.backend.runtime.tiles import Tensors
from alphadsl.backend.streaming.buffers import Buffers
from alphadsl.backend.streaming.crew import add_in_order
from alphadsl.backend.streaming.distributed import Ranks
from alphadsl.backend.streaming.geometry import Span, cut
from alphadsl.backend.streaming.placed import place
from alphadsl.backend.streaming.portions import rows_on
from alphadsl.backend.streaming.products import FORMED
from alphadsl.backend.torch_internals import sizes_apart
from alphadsl.ir.arrangement import Sources, arrange, candidates_by_anchor
from alphadsl.ir.core import Core
from alphadsl.ir.index_sets import BATCH, VIEWS, IndexSet, Source

ROW_BLOCK_PAIRS = 1 << 20


@dataclass(frozen=True)
class RowBlock:
    """Rows with the same candidates: the indices of their anchors and positives among the embeddings, their ids and
    weights; and the indices of the candidates among the points, with their ids."""

    anchor_A: Tensor
    positive_A: Tensor
    ids_A: Tensors
    weight_A1: Tensor
    candidates: slice | Tensor
    ids_C: Tensors

    def parts(self) -> "Iterator[RowBlock]":
        """Parts as tall as the memory for their products allows."""
        height = rows_on(self.anchor_A.device, ROW_BLOCK_PAIRS, len(self.ids_C[0]))
        for start, stop in cut((0, len(self.anchor_A)), height):
            rows = slice(start, stop)
            yield replace(
                self,
                anchor_A=self.anchor_A[rows],
                positive_A=self.positive_A[rows],
                ids_A=tuple(id_A[rows] for id_A in self.ids_A),
                weight_A1=self.weight_A1[rows],
            )


class RowBlocks:
    """The step of a core by row blocks; called like a dense step."""

    def __init__(self, core: Core, program: Program) -> None:
        self._core = core
        self._program = program
        self._reaches = bool({*core.pairs.negative.sources} & {*BATCH})

    @torch.no_grad()
    def with_gradient(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Step:
        """The value, and its gradients with respect to the samples of this process and to the learned parameters."""
        batch = place(z_VND, self._core.space, ranks)
        points_PD = torch.cat([batch.points_ED, *queue_in(self._core.arrangement, context)])
        half_P1 = batch.half_squares(points_PD)
        sums = _Sums(torch.zeros_like(points_PD if self._reaches else batch.points_ED))
        parts = [
            (part, half_P1[block.candidates].clone())
            for block in _blocks(self._core.pairs, batch.placed_VND, context, ranks.mine)
            for part in block.parts()
        ]
        with sizes_apart():
            add_in_order(
                len(parts),
                lambda index: self._visit(*parts[index], points_PD, parameters),
                lambda index, given: sums.add(parts[index][0], given),
                points_PD,
            )
        value, received_ED, slopes = sums.mean(ranks, len(batch.points_ED))
        return value, batch.gradient(received_ED), slopes

    def value(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Tensor:
        """The loss alone."""
        return self.with_gradient(z_VND, context, parameters, ranks)[0]

    def _visit(self, row_block: RowBlock, half_C1: Tensor, points_PD: Tensor, parameters: Tensors) -> "_Given":
        candidates_CD = points_PD[row_block.candidates]
        anchors_AD, positives_AD = points_PD[row_block.anchor_A], points_PD[row_block.positive_A]
        rows = Rows(anchors_AD, positives_AD, row_block.ids_A, row_block.weight_A1)
        s_AC = Buffers(anchors_AD).tile(0, len(anchors_AD), len(candidates_CD))
        FORMED[self._core.geometry](anchors_AD, candidates_CD, s_AC)
        result = self._program.row_block(s_AC, rows, Axis(row_block.ids_C, half_C1), parameters)
        return _given(rows, candidates_CD, s_AC, result, self._reaches)


class _Given(NamedTuple):
    """What anchors, positives and candidates of a row block receive, each row times its weight; None for the
    candidates of a queue. Then the sums of weights, of values, and of gradients with respect to learned parameters."""

    of_anchors_AD: Tensor
    of_positives_AD: Tensor
    of_candidates_CD: Tensor | None
    of_rows: Tensors


def _given(rows: Rows, candidates_CD: Tensor, weight_AC: Tensor, sums: RowResults, reach: bool) -> _Given:
    of_anchors_AD = weight_AC @ candidates_CD - sums.attract_A1 * rows.positives_AD
    of_positives_AD = -sums.attract_A1 * rows.anchors_AD
    of_candidates_CD = weight_AC.mT @ (rows.anchors_AD * rows.weight_A1) if reach else None
    if sums.radial:
        pull_A1, push_A1, along_C1 = sums.radial
        of_anchors_AD += (pull_A1 - push_A1) * rows.anchors_AD
        of_positives_AD += pull_A1 * rows.positives_AD
        of_candidates_CD = None if of_candidates_CD is None else of_candidates_CD - along_C1 * candidates_CD
    each_row = torch.ones_like(rows.weight_A1), sums.value_A1, *sums.slopes
    summed = tuple((each_A1 * rows.weight_A1).sum() for each_A1 in each_row)
    return _Given(of_anchors_AD * rows.weight_A1, of_positives_AD * rows.weight_A1, of_candidates_CD, summed)


@dataclass
class _Sums:
    """The sums over the row blocks so far."""

    received_PD: Tensor
    of_rows: Tensors = ()

    def add(self, row_block: RowBlock, given: _Given) -> None:
        self.received_PD.index_add_(0, row_block.anchor_A, given.of_anchors_AD)
        self.received_PD.index_add_(0, row_block.positive_A, given.of_positives_AD)
        if given.of_candidates_CD is not None:
            self.received_PD[row_block.candidates] += given.of_candidates_CD
        self.of_rows = tuple(map(torch.add, self.of_rows, given.of_rows)) if self.of_rows else given.of_rows

    def mean(self, ranks: Ranks, embeddings: int) -> Step:
        """The mean over the rows of all processes: the value, what the embeddings have received (E, D), and the
        gradients with respect to learned parameters."""
        counted, *sums = ranks.summed(torch.stack(self.of_rows)).unbind()
        value, *slopes = (term / counted for term in sums)
        return value, ranks.summed(self.received_PD[:embeddings]).div_(counted), tuple(slopes)


def _blocks(index_set: IndexSet, z_VND: Tensor, context: Tensors, mine: Span) -> Iterator[RowBlock]:
    """The rows of an index set whose anchors are samples of this process, grouped by their candidates."""
    if not index_set.one_positive:
        yield _of_rows(index_set, z_VND, context, mine)
        return
    views, samples, _ = z_VND.shape
    every_E = torch.arange(views * samples, device=z_VND.device)
    positive_E = (every_E + samples) % (views * samples)
    one_E1 = torch.ones_like(every_E, dtype=z_VND.dtype)[:, None]
    arrangement = arrange(index_set)
    queued, class_N = sum(map(len, queue_in(arrangement, context))), classes_in(arrangement, context, samples)
    ids = [ids_of(c.kind, z_VND[0], class_N, range(views), queued) for c in arrangement.comparisons]
    for anchor, sources in candidates_by_anchor(index_set).items():
        rows = slice(*(BATCH.index(anchor) * samples + end for end in mine))
        candidates = _places(sources, samples, queued, z_VND.device)
        of_rows, of_candidates = (tuple(id_P[at] for id_P in ids) for at in (rows, candidates))
        yield RowBlock(every_E[rows], positive_E[rows], of_rows, one_E1[rows], candidates, of_candidates)


def _of_rows(index_set: IndexSet, z_VND: Tensor, context: Tensors, mine: Span) -> RowBlock:
    """The rows of anchors with several positives, which all have the same candidates."""
    views, samples, _ = z_VND.shape
    anchor_A, positive_A, weight_A1, *_ = context
    own_A = (anchor_A % samples >= mine[0]) & (anchor_A % samples < mine[1])
    anchor_A, positive_A, weight_A1 = anchor_A[own_A], positive_A[own_A], weight_A1[own_A].to(z_VND.dtype)
    arrangement = arrange(index_set)
    ids, comparisons = ids_in(arrangement, context), arrangement.comparisons
    of_rows = tuple(
        ids[comparison.kind][positive_A if comparison.of_positive else anchor_A] for comparison in comparisons
    )
    candidates = slice(0 if {*index_set.negative.sources} & {*BATCH} else views * samples, None)
    of_candidates = tuple(ids[c.kind][candidates] for c in comparisons)
    return RowBlock(anchor_A, positive_A, of_rows, weight_A1, candidates, of_candidates)


def _places(sources: Sources, samples: int, queued: int, device: torch.device) -> slice | Tensor:
    """The indices of embeddings from these sources among the points: a slice if they are consecutive."""
    numbers = [list(Source).index(source) for source in sources]
    ends = 0, samples, VIEWS * samples, VIEWS * samples + queued
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return slice(ends[numbers[0]], ends[numbers[-1] + 1])
    return torch.cat([torch.arange(ends[number], ends[number + 1], device=device) for number in numbers])
