"""The interpreter with the interface of a step: tensors come in and go out; in between, NumPy works in float64."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.context import classes_in, queue_in
from alphadsl.backend.importance import Importance
from alphadsl.backend.runtime.step import Step
from alphadsl.ir.arrangement import arrange
from alphadsl.ir.nodes import Loss
from alphadsl.reference.interpret import Interpreted, interpret

Tensors = tuple[Tensor, ...]


def interpreted_step(spec: Loss, values: Mapping[str, float]) -> Callable[[Tensor, Tensors, Tensors], Step]:
    """A step of the interpreter with the parameters `values`; the parameters that the step is called with are
    ignored."""

    def step(z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
        answer = _interpreted(spec, values, z_VND, context)
        dtype = torch.promote_types(z_VND.dtype, torch.float32)
        value = torch.tensor(answer.value, dtype=dtype, device=z_VND.device)
        slopes = tuple(torch.tensor(slope, dtype=torch.float64) for slope in answer.slopes.values())
        return value, torch.from_numpy(answer.gradient_VND).to(z_VND.device, dtype), slopes

    return step


def interpreted_importance(spec: Loss, values: Mapping[str, float], z_VND: Tensor, context: Tensors) -> Importance:
    """The importances of a batch."""
    answer = _interpreted(spec, values, z_VND, context)
    return Importance(*map(torch.from_numpy, (answer.repel_AC, answer.attract_A, answer.value_A)))


def _interpreted(spec: Loss, values: Mapping[str, float], z_VND: Tensor, context: Tensors) -> Interpreted:
    arrangement = arrange(spec.pairs)
    labels = classes_in(arrangement, context, z_VND.shape[1])
    given = (None if tensor is None else _array(tensor) for tensor in (labels, *queue_in(arrangement, context)))
    return interpret(spec, values, _array(z_VND.double()), *given)


def _array(tensor: Tensor) -> Any:
    return tensor.detach().cpu().numpy()
