"""A loss step by strips: some rows at a time against all their candidates, for losses that need whole rows at once.

A row's multiplier is found while the row is at hand: finding it tile by tile would form all products again at each
step of the search. Rows meet in the mean only, so strips add up, in their order. Legend: V 2 views, N samples, E
embeddings (view 0, then view 1), P points (embeddings, then the rows of a queue), A rows, C candidates, D embedding
width, K marks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from alphadsl.backend.program import Program
from alphadsl.backend.runtime.pairs import sample_marks
from alphadsl.backend.runtime.step import Step, on_tangent, unit_rows, widened
from alphadsl.backend.runtime.strips import Found, Rows
from alphadsl.backend.runtime.tiles import Tensors
from alphadsl.backend.streaming.buffers import Buffers
from alphadsl.backend.streaming.crew import add_in_order
from alphadsl.backend.streaming.distributed import Ranks
from alphadsl.backend.streaming.geometry import Span, cut
from alphadsl.backend.streaming.products import FORMED
from alphadsl.backend.torch_internals import sizes_apart
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Pairs, Space

STRIP_PAIRS = 1 << 20


@dataclass(frozen=True)
class Block:
    """Rows with the same candidates: where their anchors and positives are among the embeddings, their marks and what
    they count, where the candidates are among the points, and the marks of those."""

    anchor_A: Tensor
    positive_A: Tensor
    marks_AK: Tensor
    weight_A1: Tensor
    candidates: slice
    marks_C: Tensor


class Strips:
    """The step of a core by strips; called as a dense step is."""

    def __init__(self, core: Core, program: Program) -> None:
        self._core = core
        self._program = program

    @torch.no_grad()
    def with_gradient(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Step:
        """The gradient is that of the samples of this process."""
        sphere = self._core.space == Space.SPHERE
        all_VND = ranks.whole_views(z_VND)
        placed_VND, length_VN1 = unit_rows(all_VND) if sphere else (widened(all_VND), None)
        embeddings_ED = placed_VND.flatten(0, 1)
        points_PD = torch.cat([embeddings_ED, context[0]]) if self._core.pairs == Pairs.QUEUE else embeddings_ED
        half_P1 = points_PD[:, :0] if sphere else points_PD.square().sum(-1, keepdim=True) / 2
        sums = _Sums(torch.zeros_like(embeddings_ED))
        parts = [
            (strip, half_P1[block.candidates].clone())
            for block in _blocks(self._core.pairs, all_VND, context, ranks.mine)
            for strip in _cut(block)
        ]
        with sizes_apart():
            add_in_order(
                len(parts),
                lambda place: self._visit(*parts[place], points_PD, parameters),
                lambda place, given: sums.add(parts[place][0], given),
                points_PD,
            )
        value, gradient_ED, slopes = sums.mean(ranks)
        gradient_VND = gradient_ED.view_as(all_VND)
        gradient_VND = gradient_VND if length_VN1 is None else on_tangent(gradient_VND, placed_VND, length_VN1)
        return value, gradient_VND[:, slice(*ranks.mine)], slopes

    def value(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Tensor:
        """The loss alone."""
        return self.with_gradient(z_VND, context, parameters, ranks)[0]

    def _visit(self, strip: Block, half_C1: Tensor, points_PD: Tensor, parameters: Tensors) -> "_Given":
        candidates_CD = points_PD[strip.candidates]
        anchors_AD, positives_AD = points_PD[strip.anchor_A], points_PD[strip.positive_A]
        rows = Rows(anchors_AD, positives_AD, strip.marks_AK, strip.weight_A1)
        s_AC = Buffers(anchors_AD).tile(0, len(anchors_AD), len(candidates_CD))
        FORMED[self._core.geometry](anchors_AD, candidates_CD, s_AC)
        found = self._program.strip(s_AC, rows, strip.marks_C, half_C1, parameters)
        return _given(rows, candidates_CD, s_AC, found, self._core.pairs != Pairs.QUEUE)


class _Given(NamedTuple):
    """What anchors, positives and candidates of a strip receive, each row counted by its weight; the candidates of a
    queue nothing. The sums of weights, values and slopes."""

    of_anchors_AD: Tensor
    of_positives_AD: Tensor
    of_candidates_CD: Tensor | None
    of_rows: Tensors


def _given(rows: Rows, candidates_CD: Tensor, weight_AC: Tensor, found: Found, reach: bool) -> _Given:
    of_anchors_AD = weight_AC @ candidates_CD - found.attract_A1 * rows.positives_AD
    of_positives_AD = -found.attract_A1 * rows.anchors_AD
    of_candidates_CD = weight_AC.mT @ (rows.anchors_AD * rows.weight_A1) if reach else None
    if found.stretched:
        pull_A1, push_A1, along_C1 = found.stretched
        of_anchors_AD += (pull_A1 - push_A1) * rows.anchors_AD
        of_positives_AD += pull_A1 * rows.positives_AD
        of_candidates_CD = None if of_candidates_CD is None else of_candidates_CD - along_C1 * candidates_CD
    each_row = torch.ones_like(rows.weight_A1), found.value_A1, *found.slopes
    summed = tuple((each_A1 * rows.weight_A1).sum() for each_A1 in each_row)
    return _Given(of_anchors_AD * rows.weight_A1, of_positives_AD * rows.weight_A1, of_candidates_CD, summed)


@dataclass
class _Sums:
    """What strips have added up to so far."""

    received_ED: Tensor
    of_rows: Tensors = ()

    def add(self, strip: Block, given: _Given) -> None:
        self.received_ED.index_add_(0, strip.anchor_A, given.of_anchors_AD)
        self.received_ED.index_add_(0, strip.positive_A, given.of_positives_AD)
        if given.of_candidates_CD is not None:
            self.received_ED[strip.candidates] += given.of_candidates_CD
        self.of_rows = tuple(map(torch.add, self.of_rows, given.of_rows)) if self.of_rows else given.of_rows

    def mean(self, ranks: Ranks) -> Step:
        """Over the rows of all processes: value, gradient (E, D), slopes."""
        counted, *sums = ranks.summed(torch.stack(self.of_rows)).unbind()
        value, *slopes = (each / counted for each in sums)
        return value, ranks.summed(self.received_ED).div_(counted), tuple(slopes)


def _blocks(pairs: Pairs, z_VND: Tensor, context: Tensors, mine: Span) -> Iterator[Block]:
    """The rows of an index set whose anchors are samples of this process, by what their candidates are."""
    samples = z_VND.shape[1]
    every_E = torch.arange(2 * samples, device=z_VND.device)
    (sample_E,) = sample_marks(z_VND[0], 2)
    positive_E = (every_E + samples) % (2 * samples)
    one_E1 = torch.ones_like(every_E, dtype=torch.promote_types(z_VND.dtype, torch.float32))[:, None]
    first, second, both = slice(0, samples), slice(samples, 2 * samples), slice(0, 2 * samples)
    own_first, own_second = slice(*mine), slice(samples + mine[0], samples + mine[1])

    def block(rows: slice, candidates: slice, marks_C: Tensor) -> Block:
        return Block(every_E[rows], positive_E[rows], sample_E[rows, None], one_E1[rows], candidates, marks_C)

    match pairs:
        case Pairs.TWO_VIEW:
            yield from (block(rows, both, sample_E) for rows in (own_first, own_second))
        case Pairs.SAME_VIEW:
            yield block(own_first, first, sample_E[first])
            yield block(own_second, second, sample_E[second])
        case Pairs.CROSS_VIEW:
            yield block(own_first, second, sample_E[second])
            yield block(own_second, first, sample_E[first])
        case Pairs.QUEUE:
            queue = slice(2 * samples, 2 * samples + len(context[0]))
            yield block(own_first, queue, torch.full_like(context[0][:, 0], -1))
        case Pairs.LABELS | Pairs.CLASSES:
            anchor_A, positive_A, weight_A1, label_E = context
            own_A = (anchor_A % samples >= mine[0]) & (anchor_A % samples < mine[1])
            anchor_A, positive_A, weight_A1 = anchor_A[own_A], positive_A[own_A], weight_A1[own_A].to(one_E1.dtype)
            if pairs == Pairs.LABELS:
                yield Block(anchor_A, positive_A, torch.stack([anchor_A, positive_A], -1), weight_A1, both, every_E)
            else:
                yield Block(anchor_A, positive_A, label_E[anchor_A, None], weight_A1, both, label_E)


def _cut(block: Block) -> Iterator[Block]:
    """Strips of a block that are as tall as memory for a tile of them allows."""
    for start, stop in cut((0, len(block.anchor_A)), max(1, STRIP_PAIRS // len(block.marks_C))):
        rows = slice(start, stop)
        yield replace(
            block,
            anchor_A=block.anchor_A[rows],
            positive_A=block.positive_A[rows],
            marks_AK=block.marks_AK[rows],
            weight_A1=block.weight_A1[rows],
        )
