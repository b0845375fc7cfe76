"""The interpreter behind the interface of a step: tensors come in and go out, NumPy works in float64 between."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from alphadsl.backend.runtime.step import Step
from alphadsl.ir.nodes import Loss
from alphadsl.reference.interpret import Interpreted, interpret

Tensors = tuple[Tensor, ...]


@dataclass(frozen=True)
class Importance:
    """The weights of one batch, anchors ordered view 0 then view 1; with a queue, the anchors of view 0 and its rows.

    `loss(z0, z1)` has the gradient of mean over anchors of attract_i d_i^2 - sum_j repel_ij d_ij^2, both held fixed;
    with labels, attract is (2N, 2N), a weight for each positive. In Euclidean space an inner product s counts as
    (|z_i|^2 + |z_j|^2) / 2 - d^2, lengths held fixed.
    """

    repel: Tensor
    attract: Tensor


def interpreted_step(spec: Loss, values: Mapping[str, float]) -> Callable[[Tensor, Tensors, Tensors], Step]:
    """A step of the interpreter. It has the values of parameters already, and takes those it is given for granted."""

    def step(z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
        found = _interpreted(spec, values, z_VND, context)
        dtype = torch.promote_types(z_VND.dtype, torch.float32)
        value = torch.tensor(found.value, dtype=dtype, device=z_VND.device)
        slopes = tuple(torch.tensor(slope, dtype=torch.float64) for slope in found.slopes.values())
        return value, torch.from_numpy(found.gradient_VND).to(z_VND.device, dtype), slopes

    return step


def interpreted_importance(spec: Loss, values: Mapping[str, float], z_VND: Tensor, context: Tensors) -> Importance:
    """All the weights of a batch."""
    found = _interpreted(spec, values, z_VND, context)
    return Importance(torch.from_numpy(found.repel_AC), torch.from_numpy(found.attract_A))


def _interpreted(spec: Loss, values: Mapping[str, float], z_VND: Tensor, context: Tensors) -> Interpreted:
    embeddings, *others = (tensor.detach().cpu().numpy() for tensor in (z_VND.double(), *context))
    return interpret(spec, values, embeddings, tuple(others))
