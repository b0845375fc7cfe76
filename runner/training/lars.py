"""LARS: SGD with momentum whose step in each layer is a part of the norm of its weights (You et al. 2017, Algorithm 1).

Written here since torch has none, and those of lightly and others look at each norm, so that a GPU is waited for once a
layer, or come with a package of a hundred optimizers. Groups with `adapted` false, as of biases and batch norm, take
plain steps, as in SimCLR (Chen et al. 2020).
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

TRUST = 1e-3


class Lars(torch.optim.Optimizer):
    """`v = momentum * v + lr * rate * (g + weight_decay * w)`, then `w = w - v`.

    `rate` is `trust * |w| / (|g| + weight_decay * |w|)` where the group is adapted and neither norm is 0, and else 1.
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

    def _move(self, weight: Tensor, slope: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        change = slope + group["weight_decay"] * weight
        if group["adapted"]:
            change *= _rate(weight, slope, group["weight_decay"], group["trust"])
        state["momentum_buffer"].mul_(group["momentum"]).add_(change, alpha=group["lr"])
        weight.sub_(state["momentum_buffer"])


def _rate(weight: Tensor, slope: Tensor, weight_decay: float, trust: float) -> Tensor:
    size, steepness = weight.norm(), slope.norm()
    rate = trust * size / (steepness + weight_decay * size)
    return torch.where((size > 0) & (steepness > 0), rate, 1.0)
