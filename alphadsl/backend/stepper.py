"""A generated step inside autograd: run once forward, its gradients kept for the backward.

Index sets with several positives per anchor have a row for each, so their step is run on so many rows at a time that
no tile of rows by candidates grows beyond a limit; the parts add up, since rows meet in the mean only.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from alphadsl.backend.runtime.step import Step
from alphadsl.backend.tensors import Given
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Level, Pairs

Tensors = tuple[Tensor, ...]
Stepping = Callable[[Tensor, Tensors, Tensors], Step]
LARGEST_TILE = 1 << 24


class OneStep(torch.autograd.Function):
    """Value and gradient in one sweep; only the gradients on embeddings and learned parameters are kept."""

    @staticmethod
    def of(step: Stepping, given: Given, parameters: Tensors, learned: tuple[int, ...]) -> Tensor:
        """`learned` are the places of the parameters that the step's slopes belong to, in their order."""
        value: Tensor = OneStep.apply(step, len(given.context), learned, given.z_VND, *given.context, *parameters)
        return value

    @staticmethod
    def forward(
        ctx: Any, step: Stepping, split: int, learned: tuple[int, ...], z_VND: Tensor, *others: Tensor
    ) -> Tensor:
        context, parameters = others[:split], others[split:]
        bare = tuple(parameter.detach() for parameter in parameters)
        value, gradient_VND, slopes = step(any_batch(z_VND), any_length(context), bare)
        ctx.save_for_backward(gradient_VND, *slopes)
        ctx.split = split
        ctx.learned = learned
        ctx.devices = [parameter.device for parameter in parameters]
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        gradient_VND, *slopes = ctx.saved_tensors
        of_parameters: list[Tensor | None] = [None] * len(ctx.devices)
        for index, slope in zip(ctx.learned, slopes, strict=True):
            of_parameters[index] = (upstream * slope).to(ctx.devices[index], torch.float64)
        of_embeddings = (upstream * gradient_VND).to(gradient_VND.dtype)
        return None, None, None, of_embeddings, *(None,) * ctx.split, *of_parameters


def in_chunks(step: Stepping, core: Core) -> Stepping:
    """The step of an index set with rows, on as many of them at a time as a tile holds."""
    whole = any(statistic.level == Level.BATCH for statistic in core.statistics)
    if not core.pairs.supervised or whole:
        return step

    def chunked(z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
        anchor_A, positive_A, weight_A1, label_C = context
        rows = max(1, LARGEST_TILE // len(label_C))
        if len(anchor_A) <= rows:
            return step(z_VND, context, parameters)
        chunks = zip(*(torch.split(part, rows) for part in (anchor_A, positive_A, weight_A1)), strict=True)
        total, sums = weight_A1.sum(), None
        for anchor, positive, weight in chunks:
            found = step(z_VND, (anchor, positive, weight, label_C), parameters)
            sums = _added(sums, found, (weight.sum() / total).item())
        assert sums is not None
        return sums

    return chunked


def _added(sums: Step | None, found: Step, part: float) -> Step:
    value, gradient_VND, slopes = found
    scaled = value * part, gradient_VND * part, tuple(slope * part for slope in slopes)
    if sums is None:
        return scaled
    return sums[0] + scaled[0], sums[1] + scaled[1], tuple(a + b for a, b in zip(sums[2], scaled[2], strict=True))


def any_batch(z_VND: Tensor) -> Tensor:
    """Tell the compiler that N varies, so that a smaller last batch compiles nothing."""
    bare_VND = z_VND.detach()
    if not torch.compiler.is_compiling():
        torch._dynamo.maybe_mark_dynamic(bare_VND, 1)
    return bare_VND


def any_length(context: Tensors) -> Tensors:
    """The same of rows, labels and queues."""
    bare = tuple(part.detach() for part in context)
    if not torch.compiler.is_compiling():
        for part in bare:
            torch._dynamo.maybe_mark_dynamic(part, 0)
    return bare


def spread(repel_GAC: Tensor, attract_GA1: Tensor, pairs: Pairs, context: Tensors) -> tuple[Tensor, Tensor]:
    """From groups of anchors with their own candidates, or from rows, to one matrix of weights and one of pulls."""
    groups, anchors, candidates = repel_GAC.shape
    match pairs:
        case Pairs.LABELS | Pairs.CLASSES:
            anchor_A, positive_A, weight_A1, _ = context
            weight_A1 = weight_A1.to(repel_GAC.dtype)
            empty_CC = repel_GAC.new_zeros(candidates, candidates)
            attract_CC = empty_CC.index_put((anchor_A, positive_A), (attract_GA1[0] * weight_A1)[:, 0])
            return empty_CC.index_add(0, anchor_A, repel_GAC[0] * weight_A1), attract_CC
        case Pairs.TWO_VIEW | Pairs.QUEUE:
            return repel_GAC[0], attract_GA1.flatten()
        case Pairs.SAME_VIEW | Pairs.CROSS_VIEW:
            repel_AA = repel_GAC.new_zeros(groups, anchors, groups, candidates)
            for view in range(groups):
                repel_AA[view, :, view if pairs == Pairs.SAME_VIEW else 1 - view] = repel_GAC[view]
            return repel_AA.reshape(groups * anchors, groups * candidates), attract_GA1.flatten()
