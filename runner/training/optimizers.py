"""Optimizers: a network, a loss and a configuration come in; the optimizer of their parameters comes out."""

from typing import Any

import torch
from torch import nn

from alphadsl.extras import require
from runner.contract import CompiledLoss
from runner.settings.config import SCHEDULE_FREE, ExperimentConfig
from runner.training.lars import Lars


def make_optimizer(network: nn.Module, loss: CompiledLoss, config: ExperimentConfig) -> torch.optim.Optimizer:
    """The optimizer. Weight decay applies to weight matrices, not to biases, batch norm or parameters of the loss."""
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
        case "schedule-free-adamw" | "schedule-free-sgd":
            return _schedule_free(groups, config)


def _schedule_free(groups: list[dict[str, Any]], config: ExperimentConfig) -> torch.optim.Optimizer:
    """The optimizer in training mode. The trainer does the warm-up; the average weights steps by their squared rate."""
    from schedulefree import AdamWScheduleFree, SGDScheduleFree

    optimizer: Any
    if config.optimizer == "schedule-free-adamw":
        optimizer = AdamWScheduleFree(groups, lr=config.lr)
    else:
        optimizer = SGDScheduleFree(groups, lr=config.lr, momentum=config.momentum)
    optimizer.train()
    made: torch.optim.Optimizer = optimizer
    return made


def check_installed(config: ExperimentConfig) -> None:
    """Raises `InputError` with what to install if the optimizer cannot be imported."""
    if config.optimizer in SCHEDULE_FREE:
        require(f"The optimizer {config.optimizer}", "schedulefree")
