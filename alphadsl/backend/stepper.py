"""A generated step inside autograd: run once forward, its gradients kept for the backward."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from alphadsl.backend.runtime.step import Step
from alphadsl.backend.tensors import Given
from alphadsl.ir.kinds import Pairs

Tensors = tuple[Tensor, ...]
Stepping = Callable[[Tensor, Tensors, Tensors], Step]
ONCE = b"a loss has a first derivative only: its gradient is found with its value, and cannot be differentiated again"


def take_step(step: Stepping, given: Given, parameters: Tensors, learned: tuple[int, ...]) -> Tensor:
    """The loss of a step inside autograd; `learned` are the places of the parameters that the step's slopes belong to,
    in their order. `torch.func` wants another kind of function than `backward`, which costs every step more."""
    functional = not torch.compiler.is_compiling() and torch._C._are_functorch_transforms_active()
    kind = _FunctionalStep if functional else _OneStep
    found = kind.apply(step, len(given.context), learned, given.z_VND, *given.context, *parameters)
    value: Tensor = found[0]
    return value


class _OneStep(torch.autograd.Function):
    """Value and gradient in one sweep; only the gradients on embeddings and learned parameters are kept."""

    @staticmethod
    def forward(
        ctx: Any, step: Stepping, split: int, learned: tuple[int, ...], z_VND: Tensor, *others: Tensor
    ) -> Tensors:
        value, *gradients = _taken(step, split, z_VND, others)
        _keep(ctx, split, learned, z_VND, others, gradients)
        return (value,)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        with torch.no_grad():
            gradients = _gradients(ctx, upstream)
        followed = torch.is_grad_enabled() and not torch.compiler.is_compiling()
        return _not_again(gradients) if followed else gradients


class _FunctionalStep(torch.autograd.Function):
    """The same; gradients are outputs, as `torch.func` demands of what is kept."""

    @staticmethod
    def forward(step: Stepping, split: int, learned: tuple[int, ...], z_VND: Tensor, *others: Tensor) -> Tensors:
        return _taken(step, split, z_VND, others)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:
        _, split, learned, z_VND, *others = inputs
        ctx.mark_non_differentiable(*output[1:])
        _keep(ctx, split, learned, z_VND, tuple(others), output[1:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        return _gradients(ctx, upstream)


def _not_again(gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    """The same, with an error for whoever differentiates them: a term of a gradient penalty would be lost silently.
    `once_differentiable` says so only where the upstream gradient is followed, which that of a plain sum is not."""
    told = torch._C._functions.DelayedError(ONCE, 1)
    return tuple(None if gradient is None else told(gradient.requires_grad_()) for gradient in gradients)


def _taken(step: Stepping, split: int, z_VND: Tensor, others: Tensors) -> Tensors:
    """Value, then the gradients on embeddings and learned parameters."""
    context, parameters = others[:split], others[split:]
    bare = tuple(parameter.detach() for parameter in parameters)
    value, gradient_VND, slopes = step(any_batch(z_VND), any_length(context), bare)
    return value, gradient_VND, *slopes


def _keep(
    ctx: Any, split: int, learned: tuple[int, ...], z_VND: Tensor, others: Tensors, gradients: Sequence[Tensor]
) -> None:
    ctx.save_for_backward(*gradients)
    ctx.split = split
    ctx.learned = learned
    ctx.dtype = z_VND.dtype
    ctx.devices = [parameter.device for parameter in others[split:]]


def _gradients(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
    """Rounded to the dtype of the embeddings last: a gradient scaler's factor may be what lifts it above underflow."""
    gradient_VND, *slopes = ctx.saved_tensors
    of_parameters: list[Tensor | None] = [None] * len(ctx.devices)
    for index, slope in zip(ctx.learned, slopes, strict=True):
        of_parameters[index] = (upstream * slope).to(ctx.devices[index], torch.float64)
    of_embeddings = (upstream * gradient_VND).to(ctx.dtype)
    return None, None, None, of_embeddings, *(None,) * ctx.split, *of_parameters


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
