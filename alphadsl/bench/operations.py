"""What a plain form calls: masked reductions over full matrices, pointwise functions, and the min player's multiplier.

Legend: R anchors, C candidates; `negative_RC` is true where a candidate is a negative of the anchor.
"""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from alphadsl.ir.kinds import Over


def total(body: Any, negative_RC: Tensor) -> Tensor:
    return torch.where(negative_RC, body, 0.0).sum(-1, keepdim=True)


def mean(body: Any, negative_RC: Tensor) -> Tensor:
    return total(body, negative_RC) / negative_RC.sum(-1, keepdim=True)


def logsumexp(body: Any, negative_RC: Tensor) -> Tensor:
    return torch.where(negative_RC, body, -torch.inf).logsumexp(-1, keepdim=True)


def largest(body: Any, negative_RC: Tensor) -> Tensor:
    return torch.where(negative_RC, body, -torch.inf).amax(-1, keepdim=True)


def smallest(body: Any, negative_RC: Tensor) -> Tensor:
    return torch.where(negative_RC, body, torch.inf).amin(-1, keepdim=True)


def softmax(body: Any, negative_RC: Tensor) -> Tensor:
    return torch.where(negative_RC, body, -torch.inf).softmax(-1)


def count(negative_RC: Tensor, weight_R1: Tensor) -> Tensor:
    return negative_RC.sum(-1, keepdim=True).to(weight_R1.dtype)


def sum_of_anchors(body_R1: Tensor, weight_R1: Tensor) -> Tensor:
    return (body_R1 * weight_R1).sum()


def mean_of_anchors(body_R1: Tensor, weight_R1: Tensor) -> Tensor:
    return (body_R1 * weight_R1).sum() / weight_R1.sum()


def logsumexp_of_anchors(body_R1: Tensor, weight_R1: Tensor) -> Tensor:
    return (body_R1 + weight_R1.log()).flatten().logsumexp(0)


def lt(a: Any, b: Any) -> Any:
    return (a < b).float()


def le(a: Any, b: Any) -> Any:
    return (a <= b).float()


def gt(a: Any, b: Any) -> Any:
    return (a > b).float()


def ge(a: Any, b: Any) -> Any:
    return (a >= b).float()


def eq(a: Any, b: Any) -> Any:
    return (a == b).float()


def where(condition: Tensor, a: Any, b: Any) -> Tensor:
    return torch.where(condition != 0, a, b)


def logaddexp(a: Any, b: Any) -> Tensor:
    return torch.logaddexp(*_both_tensors(a, b))


def maximum(a: Any, b: Any) -> Tensor:
    return torch.maximum(*_both_tensors(a, b))


def minimum(a: Any, b: Any) -> Tensor:
    return torch.minimum(*_both_tensors(a, b))


def _both_tensors(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """Convert both to tensors; at least one of them is a tensor already."""
    like = a if isinstance(a, Tensor) else b
    return torch.as_tensor(a, dtype=like.dtype, device=like.device), torch.as_tensor(
        b, dtype=like.dtype, device=like.device
    )


def projected_multiplier(cost_RC: Tensor, negative_RC: Tensor, low: Any, curvature: float) -> Tensor:
    """The multiplier of the projection onto the simplex, by sorting, as in sparsemax (Martins and Astudillo 2016)."""
    with torch.no_grad():
        sorted_RC = torch.where(negative_RC, cost_RC, torch.inf).sort(-1).values
        kept_C = torch.arange(1, cost_RC.shape[-1] + 1, device=cost_RC.device, dtype=cost_RC.dtype)
        threshold_RC = (sorted_RC.cumsum(-1) - curvature) / kept_C
        size_R1 = (sorted_RC < threshold_RC).sum(-1, keepdim=True)
        multiplier: Tensor = low - curvature - threshold_RC.gather(-1, size_R1 - 1)
    return multiplier


def bisected_multiplier(
    response: Callable[[Tensor], Tensor], cost_RC: Tensor, negative_RC: Tensor, low: Any, high: Any
) -> Tensor:
    """The multiplier at which the responses sum to 1, by as many halvings as the number type has bits."""
    with torch.no_grad():
        low_R1, high_R1 = (torch.zeros_like(cost_RC[..., :1]) + end for end in (low, high))
        for _ in range(torch.finfo(cost_RC.dtype).bits):
            middle_R1 = (low_R1 + high_R1) / 2
            more_R1 = total(response(cost_RC + middle_R1), negative_RC) > 1
            low_R1, high_R1 = torch.where(more_R1, middle_R1, low_R1), torch.where(more_R1, high_R1, middle_R1)
        multiplier: Tensor = (low_R1 + high_R1) / 2
    return multiplier


REDUCTIONS: dict[Over, Callable[..., Tensor]] = {
    Over.SUM: total,
    Over.MEAN: mean,
    Over.LOGSUMEXP: logsumexp,
    Over.MAX: largest,
    Over.MIN: smallest,
}
POOLS: dict[Over, Callable[..., Tensor]] = {
    Over.SUM: sum_of_anchors,
    Over.MEAN: mean_of_anchors,
    Over.LOGSUMEXP: logsumexp_of_anchors,
}
POINTWISE: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "neg": operator.neg,
    "mul": operator.mul,
    "div": operator.truediv,
    "share": operator.truediv,
    "pow": operator.pow,
    "pow0": operator.pow,
    "finite": torch.nan_to_num,
    "lt": lt,
    "le": le,
    "gt": gt,
    "ge": ge,
    "eq": eq,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "tanh": torch.tanh,
    "abs": torch.abs,
    "min": minimum,
    "max": maximum,
    "where": where,
    "logaddexp": logaddexp,
    "stopgrad": torch.detach,
}
