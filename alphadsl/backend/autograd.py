"""A generated step inside autograd: it runs once in the forward, and its gradients are kept for the backward.

A gradient that is differentiated again is recomputed in the dense form, which torch can differentiate by itself; until
then nothing of that form is computed. Forward mode and `torch.func.vmap` use the dense form from the start.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from alphadsl.backend.double_backward import DoubleBackward, Plain, SavedCall, scaled
from alphadsl.backend.inputs import Inputs
from alphadsl.backend.runtime.step import Step
from alphadsl.backend.torch_internals import in_dual_level, in_functional_transform, in_transform_beyond_reverse_mode

Tensors = tuple[Tensor, ...]
Stepping = Callable[[Tensor, Tensors, Tensors], Step]


def take_step(step: Stepping, plain: Plain, inputs: Inputs, parameters: Tensors, learned: tuple[int, ...]) -> Tensor:
    """The loss of a step inside autograd. `learned` are the indices of the parameters that the step's slopes (gradients
    with respect to learned parameters) belong to, in order. `torch.func` needs another kind of function than `backward`
    does, one that makes every step slower."""
    call = SavedCall(plain, inputs.context, learned, len(parameters))
    kind = _FunctionalStep if in_functional_transform() else _OneStep
    outputs = kind.apply(step, call, len(inputs.context), learned, inputs.z_VND, *inputs.context, *parameters)
    value: Tensor = outputs[0]
    return value


def is_transformed(tensors: Tensors) -> bool:
    """Whether forward mode or `torch.func.vmap` is active, to which a generated step would be a constant."""
    if torch.compiler.is_compiling():
        # An operator is a constant to forward mode, and the kind of transform cannot be asked here.
        return in_functional_transform() or in_dual_level()
    if in_dual_level() and any(_has_tangent(tensor) for tensor in tensors):
        return True
    return in_transform_beyond_reverse_mode()


def _has_tangent(tensor: Tensor) -> bool:
    return forward_ad.unpack_dual(tensor).tangent is not None  # type: ignore[no-untyped-call]


class _OneStep(torch.autograd.Function):
    """Value and gradient in one sweep. Only the gradients with respect to embeddings and learned parameters are kept,
    and the tensors they were computed from."""

    @staticmethod
    def forward(
        ctx: Any,
        step: Stepping,
        call: SavedCall,
        split: int,
        learned: tuple[int, ...],
        z_VND: Tensor,
        *others: Tensor,
    ) -> Tensors:
        value, *gradients = _taken(step, split, z_VND, others)
        _keep(ctx, call, split, learned, z_VND, others, gradients)
        return (value,)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            return _differentiable_gradients(ctx, upstream)
        with torch.no_grad():
            return _placed(ctx, scaled(upstream, ctx.learned, ctx.parameters, *ctx.saved_tensors))


class _FunctionalStep(torch.autograd.Function):
    """The same, with the gradients as outputs, since `torch.func` allows nothing else to be kept."""

    @staticmethod
    def forward(
        step: Stepping,
        call: SavedCall,
        split: int,
        learned: tuple[int, ...],
        z_VND: Tensor,
        *others: Tensor,
    ) -> Tensors:
        return _taken(step, split, z_VND, others)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:
        _, call, split, learned, z_VND, *others = inputs
        ctx.mark_non_differentiable(*output[1:])
        _keep(ctx, call, split, learned, z_VND, tuple(others), output[1:])

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        return _differentiable_gradients(ctx, upstream)


def _taken(step: Stepping, split: int, z_VND: Tensor, others: Tensors) -> Tensors:
    """Value, then the gradients with respect to embeddings and learned parameters."""
    context, parameters = others[:split], others[split:]
    value, gradient_VND, slopes = step(z_VND.detach(), detached(context), detached(parameters))
    return value, gradient_VND, *slopes


def _keep(
    ctx: Any,
    call: SavedCall,
    split: int,
    learned: tuple[int, ...],
    z_VND: Tensor,
    others: Tensors,
    gradients: Sequence[Tensor],
) -> None:
    """Save embeddings and parameters for the backward. The context is kept only by reference, since a queue may change
    before the backward."""
    ctx.save_for_backward(z_VND, *others[split:], *gradients)
    ctx.call, ctx.split, ctx.learned, ctx.parameters = call, split, learned, len(others) - split


def _differentiable_gradients(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
    """The gradients, in a form that can be differentiated again."""
    return _placed(ctx, DoubleBackward.apply(ctx.call, upstream, *ctx.saved_tensors))


def _placed(ctx: Any, gradients: Tensors) -> tuple[Tensor | None, ...]:
    """The gradients, in the order of the arguments of a step."""
    of_embeddings, *slopes = gradients
    of_parameters: list[Tensor | None] = [None] * ctx.parameters
    for index, slope in zip(ctx.learned, slopes, strict=True):
        of_parameters[index] = slope
    return None, None, None, None, of_embeddings, *(None,) * ctx.split, *of_parameters


def detached(tensors: Tensors) -> Tensors:
    return tuple(tensor.detach() for tensor in tensors)
