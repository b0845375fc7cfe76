"""A gradient inside autograd: the one computed with the value, and its derivatives, computed only on demand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.execution import Products
from alphadsl.backend.precision import products
from alphadsl.backend.runtime.step import product
from alphadsl.backend.torch_internals import forward_transforms, unwrapped, version_of

Tensors = tuple[Tensor, ...]
# The loss of a batch in the form that torch differentiates; raises `InputError` for a loss without a second derivative.
Plain = Callable[[Tensor, Tensors, Tensors], Tensor]


@dataclass(frozen=True)
class SavedCall:
    """What a step keeps of its call besides differentiable tensors: the dense form of the loss, the context, the
    indices of the learned parameters, and the number of all parameters."""

    plain: Plain
    context: Tensors
    learned: tuple[int, ...]
    parameters: int

    def __post_init__(self) -> None:
        """Unwrap the context, which has no derivative and would outlive a level of `torch.func` that wraps it."""
        vars(self)["context"] = tuple(map(unwrapped, self.context))
        vars(self)["versions"] = self._versions()

    def _versions(self) -> list[int]:
        return [version_of(part) for part in self.context]

    def moved(self, by: Sequence[Tensor], wide_VND: Tensor, parameters: Tensors) -> tuple[Tensors, Tensors]:
        """The gradients, and the derivatives of their sum weighted with `by`, with respect to embeddings and learned
        parameters."""
        if self._versions() != vars(self)["versions"]:
            raise RuntimeError("a queue was changed in place before the second derivative of its loss was asked for")
        field = torch.func.grad(self._value(parameters), argnums=tuple(range(1 + len(self.learned))))
        pulled: Any = torch.func.vjp(field, wide_VND, *(parameters[index] for index in self.learned))
        return pulled[0], pulled[1](tuple(by))

    def _value(self, parameters: Tensors) -> Callable[..., Tensor]:
        def value(z_VND: Tensor, *learned: Tensor) -> Tensor:
            known = list(parameters)
            for index, parameter in zip(self.learned, learned, strict=True):
                known[index] = parameter
            return self.plain(z_VND, self.context, tuple(known))

        return value


def scaled(upstream: Tensor, learned: tuple[int, ...], count: int, z_VND: Tensor, *others: Tensor) -> Tensors:
    """The gradients with respect to embeddings and learned parameters, in the dtypes and on the devices of those.
    `others` are `count` parameters, then the unscaled gradients. Rounding to the dtype of the embeddings comes last,
    since a gradient scaler's factor may be what lifts a value above underflow."""
    parameters, (gradient_VND, *slopes) = others[:count], others[count:]
    of_learned = (
        (upstream * slope).to(parameters[index].device, torch.float64)
        for index, slope in zip(learned, slopes, strict=True)
    )
    return (upstream * gradient_VND).to(z_VND.dtype), *of_learned


class DoubleBackward(torch.autograd.Function):
    """Gradients as computed with the value; their derivatives come from the dense form of the loss."""

    generate_vmap_rule = True

    @staticmethod
    def forward(call: SavedCall, upstream: Tensor, z_VND: Tensor, *others: Tensor) -> Tensors:
        return scaled(upstream, call.learned, call.parameters, z_VND, *others)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:
        ctx.call, upstream, z_VND, *others = inputs
        ctx.save_for_backward(upstream, z_VND, *others[: ctx.call.parameters])
        ctx.fixed_inputs = len(others) - ctx.call.parameters

    @staticmethod
    def backward(ctx: Any, by_VND: Tensor, *by: Tensor) -> tuple[Any, ...]:
        upstream, z_VND, *parameters = ctx.saved_tensors
        call: SavedCall = ctx.call
        wide_VND = z_VND.to(torch.promote_types(z_VND.dtype, torch.float32))
        weights = (by_VND.to(wide_VND.dtype), *by)
        gradients, (of_VND, *of_learned) = call.moved([upstream * w for w in weights], wide_VND, tuple(parameters))
        of_upstream = sum((w * gradient).sum().to(upstream) for w, gradient in zip(weights, gradients, strict=True))
        of_parameters: list[Tensor | None] = [None] * call.parameters
        for index, slope in zip(call.learned, of_learned, strict=True):
            of_parameters[index] = slope
        return None, of_upstream, of_VND.to(z_VND.dtype), *of_parameters, *(None,) * ctx.fixed_inputs


def multiply(wanted: Products, a_GXY: Tensor, b_GYZ: Tensor) -> Tensor:
    """The product through which derivatives of any order and mode go, each with the wanted precision.

    In nested forward modes torch's own derivatives are used: there they are computed with the product, and those of an
    `autograd.Function` are wrong.
    """
    if forward_transforms() > 1:
        with products(a_GXY.device, wanted):
            return product(a_GXY, b_GYZ)
    result: Tensor = _Product.apply(wanted, a_GXY, b_GYZ)
    return result


class _Product(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(wanted: Products, a_GXY: Tensor, b_GYZ: Tensor) -> Tensor:
        with products(a_GXY.device, wanted):
            return product(a_GXY, b_GYZ)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.wanted, *factors = inputs
        ctx.save_for_backward(*factors)
        ctx.save_for_forward(*factors)

    @staticmethod
    def backward(ctx: Any, by_GXZ: Tensor) -> tuple[Any, ...]:
        a_GXY, b_GYZ = ctx.saved_tensors
        return None, multiply(ctx.wanted, by_GXZ, b_GYZ.mT), multiply(ctx.wanted, a_GXY.mT, by_GXZ)

    @staticmethod
    def jvp(ctx: Any, _: None, along_GXY: Tensor, along_GYZ: Tensor) -> Tensor:
        a_GXY, b_GYZ = ctx.saved_tensors
        return multiply(ctx.wanted, along_GXY, b_GYZ) + multiply(ctx.wanted, a_GXY, along_GYZ)
