"""Optimizers: a network, a loss and a configuration come in; what moves their parameters comes out."""

from typing import Any

import torch
from torch import nn

from runner.contract import CompiledLoss
from runner.settings.config import ExperimentConfig
from runner.training.lars import Lars


def make_optimizer(network: nn.Module, loss: CompiledLoss, config: ExperimentConfig) -> torch.optim.Optimizer:
    """Weights decay; biases, batch norm and the loss's own parameters do not."""
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    plain: dict[str, Any] = {"params": [*others, *loss.parameters()], "weight_decay": 0.0}
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, plain]
    match config.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, lr=config.lr, fused=True)
        case "sgd":
            return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=config.momentum > 0)
        case "lars":
            return Lars([groups[0], plain | {"adapted": False}], config.lr, config.momentum)
