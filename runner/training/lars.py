"""LARS: SGD with momentum whose step in each layer is scaled by the norm of its weights (You et al. 2017, Algorithm 1).

torch has no LARS. The implementations in lightly and elsewhere read each norm, so that they wait for a GPU once per
layer, or they come in a package of a hundred optimizers. Groups with `adapted` false, such as biases and batch norm,
take plain SGD steps, as in SimCLR (Chen et al. 2020).
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

TRUST = 1e-3


class Lars(torch.optim.Optimizer):
    """`v = momentum * v + lr * rate * (g + weight_decay * w)`, then `w = w - v`.

    `rate` is `trust * |w| / (|g| + weight_decay * |w|)` if the group is adapted and neither norm is 0, otherwise 1.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = TRUST,
    ) -> None:
        usual = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust, "adapted": True}
        super().__init__(groups, usual)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        change = gradient + group["weight_decay"] * weight
        if group["adapted"]:
            change *= _rate(weight, gradient, group["weight_decay"], group["trust"])
        state["momentum_buffer"].mul_(group["momentum"]).add_(change, alpha=group["lr"])
        weight.sub_(state["momentum_buffer"])


def _rate(weight: Tensor, gradient: Tensor, weight_decay: float, trust: float) -> Tensor:
    weight_norm, gradient_norm = weight.norm(), gradient.norm()
    rate = trust * weight_norm / (gradient_norm + weight_decay * weight_norm)
    return torch.where((weight_norm > 0) & (gradient_norm > 0), rate, 1.0)
