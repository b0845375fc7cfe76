"""A labelled loss that takes the positives of an anchor together, by row blocks: some anchors at a time against all
candidates.

Anchors interact only in the mean, so row blocks are added up, in order, in memory linear in the batch. Legend: V 2
views, N samples, E embeddings (view 0, then view 1), A anchors of a row block, D embedding width.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from alphadsl.backend.program import Program
from alphadsl.backend.runtime.cell_row_blocks import Weighed
from alphadsl.backend.runtime.pairs import Axis
from alphadsl.backend.runtime.step import Step
from alphadsl.backend.runtime.tiles import Tensors
from alphadsl.backend.streaming.buffers import Buffers
from alphadsl.backend.streaming.crew import add_in_order
from alphadsl.backend.streaming.distributed import Ranks
from alphadsl.backend.streaming.geometry import Span, cut
from alphadsl.backend.streaming.placed import place
from alphadsl.backend.streaming.portions import rows_on
from alphadsl.backend.torch_internals import sizes_apart
from alphadsl.ir.core import Core

ROW_BLOCK_PAIRS = 1 << 18


class CellRowBlocks:
    """The step of a core by blocks of anchors; called like a dense step."""

    def __init__(self, core: Core, program: Program) -> None:
        self._core = core
        self._program = program

    @torch.no_grad()
    def with_gradient(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Step:
        """The value, and its gradients with respect to the samples of this process and to the learned parameters."""
        batch = place(z_VND, self._core.space, ranks)
        point_ED = batch.points_ED
        every = Axis(context, batch.half_squares(point_ED))
        height = rows_on(z_VND.device, ROW_BLOCK_PAIRS, len(point_ED))
        row_blocks = [slice(*row_block) for row_block in _row_blocks(ranks, height)]
        received_ED, summed = torch.zeros_like(point_ED), list[Tensors]()

        def weigh(index: int) -> tuple[Tensors, Tensors]:
            rows = row_blocks[index]
            anchor_AD = point_ED[rows].clone()
            s_AC = Buffers(point_ED).tile(0, len(anchor_AD), len(point_ED))
            torch.mm(anchor_AD, point_ED.mT, out=s_AC)
            anchors = Axis(tuple(id_E[rows].clone() for id_E in context), every.half_E1[rows].clone())
            weighed = self._program.row_block(s_AC, anchors, every, parameters)
            values = tuple(each_A1.sum() for each_A1 in (weighed.value_A1, *weighed.slopes))
            return values, _moved(point_ED, anchor_AD, s_AC, weighed)

        def add(index: int, parts: tuple[Tensors, Tensors]) -> None:
            values, (of_anchors_AD, of_candidates_ED) = parts
            received_ED[row_blocks[index]] += of_anchors_AD
            received_ED.add_(of_candidates_ED)
            summed.append(values)

        with sizes_apart():
            add_in_order(len(row_blocks), weigh, add, point_ED)
        totals = torch.stack([torch.stack(values) for values in summed]).sum(0)
        value, *slopes = (ranks.summed(totals) / len(point_ED)).unbind()
        return value, batch.gradient(ranks.summed(received_ED) / len(point_ED)), tuple(slopes)

    def value(self, z_VND: Tensor, context: Tensors, parameters: Tensors, ranks: Ranks) -> Tensor:
        """The loss alone."""
        return self.with_gradient(z_VND, context, parameters, ranks)[0]


def _moved(point_ED: Tensor, anchor_AD: Tensor, weight_AC: Tensor, weighed: Weighed) -> Tensors:
    """The moves of the anchors of a row block and of all its candidates."""
    of_anchors_AD, of_candidates_ED = weight_AC @ point_ED, weight_AC.mT @ anchor_AD
    for along_A1, along_C1 in weighed.along:
        of_anchors_AD += along_A1 * anchor_AD
        of_candidates_ED += along_C1 * point_ED
    return of_anchors_AD, of_candidates_ED


def _row_blocks(ranks: Ranks, height: int) -> Iterator[Span]:
    """The anchors of this process, both views of its samples, in row blocks of at most `height`."""
    for view in range(2):
        start, stop = (view * ranks.samples + end for end in ranks.mine)
        yield from cut((start, stop), height)
