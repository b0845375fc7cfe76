"""A linear classifier: features with labels come in; its weights after every epoch come out.

Softmax regression with Adam (Kingma and Ba 2015) on batches. The gradient of so small a model is two matrix products,
and torch's optimizer and autograd take longer to call than to compute. With them, the same 50 epochs of CIFAR-10 with
64 features took 20.8 s of processor time, against 6.0 s here, with the same class for every image (docs/probe.md has
other solvers).
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from runner.evaluation.protocol import Protocol

# N images, B batch, F features, W = F + 1 (the features and the constant 1), C classes

MEAN_DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-8


class Scaling:
    """Scales features to mean 0 and standard deviation 1 on those it was made from, and constant features to 0."""

    def __init__(self, x_NF: Tensor) -> None:
        self._mean_F = x_NF.mean(dim=0)
        deviation_F = x_NF.std(dim=0) if len(x_NF) > 1 else torch.zeros_like(self._mean_F)
        self._deviation_F = torch.where(deviation_F > 0, deviation_F, 1)

    def __call__(self, x_NF: Tensor) -> Tensor:
        return (x_NF - self._mean_F) / self._deviation_F


@torch.no_grad()
def fit_linear(x_NF: Tensor, y_N: Tensor, classes: int, protocol: Protocol) -> Iterator[Tensor]:
    """The weights (C, F + 1) after each epoch, bias last; the tensor changes in place when the next epoch is
    requested."""
    x_NW = with_constant(x_NF)
    weight_CW = x_NW.new_zeros(classes, x_NW.shape[1])
    adam = _Adam(weight_CW, protocol.lr)
    order = torch.Generator().manual_seed(protocol.order_seed)
    for _ in range(protocol.epochs):
        shuffled_N = torch.randperm(len(y_N), generator=order).to(y_N.device)
        for indices_B in torch.split(shuffled_N, protocol.batch):
            x_BW, y_B1 = x_NW[indices_B], y_N[indices_B, None]
            excess_BC = torch.softmax(x_BW @ weight_CW.T, dim=1)
            excess_BC.scatter_add_(1, y_B1, excess_BC.new_full(y_B1.shape, -1))
            adam.step(torch.addmm(weight_CW, excess_BC.T, x_BW, beta=protocol.weight_decay, alpha=1 / len(indices_B)))
        yield weight_CW


class _Adam:
    """Adam for one tensor, which it changes in place."""

    def __init__(self, weight: Tensor, lr: float) -> None:
        self._weight, self._lr, self._steps = weight, lr, 0
        self._mean, self._square = torch.zeros_like(weight), torch.zeros_like(weight)

    def step(self, gradient: Tensor) -> None:
        self._steps += 1
        self._mean.lerp_(gradient, 1 - MEAN_DECAY)
        self._square.mul_(SQUARE_DECAY).addcmul_(gradient, gradient, value=1 - SQUARE_DECAY)
        unbiased = math.sqrt(1 - SQUARE_DECAY**self._steps)
        scale = self._square.sqrt().div_(unbiased).add_(EPSILON)
        self._weight.addcdiv_(self._mean, scale, value=-self._lr / (1 - MEAN_DECAY**self._steps))


def predict_linear(weight_CW: Tensor, x_NF: Tensor) -> Tensor:
    """The class (N,) with the largest logit."""
    return functional.linear(x_NF, weight_CW[:, :-1], weight_CW[:, -1]).argmax(dim=1)


def with_constant(x_NF: Tensor) -> Tensor:
    return torch.cat([x_NF, x_NF.new_ones(len(x_NF), 1)], dim=1)
