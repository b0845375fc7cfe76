"""What a run is computed with: a configuration comes in; Lightning's Fabric on one device, in its precision, comes out.

With several processes, each has a device, and their gradients are averaged. Refused: processes that have not joined,
and a device that does not exist.
"""

import logging
from functools import cache
from typing import Literal

import torch
import torch.distributed
from lightning.fabric import Fabric
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from alphadsl.report.exceptions import InputError
from runner.settings.config import ExperimentConfig
from runner.settings.decisions import decide
from runner.settings.machine import resolve_device
from runner.settings.processes import local_rank, local_world_size, world_size
from runner.settings.processor import look_at

Precision = Literal["bf16-mixed", "32-true"]


def make_fabric(config: ExperimentConfig) -> Fabric:
    """Fabric on one device, in the precision of the configuration, which is decided here if it is `auto`.

    Raises `InputError` if the device does not exist or the processes have not joined.
    """
    if world_size() > 1 and not torch.distributed.is_initialized():
        raise InputError(
            f"{world_size()} processes were started, but only alphadsl train can share its work among several.",
            "Start one.",
        )
    return _fabric(*_wanted(config))


def make_own_fabric(config: ExperimentConfig) -> Fabric:
    """`make_fabric` for work that one process does by itself, however many processes there are.

    Raises `InputError` if the device does not exist.
    """
    return _alone(*_wanted(config))


def _wanted(config: ExperimentConfig) -> tuple[str, Precision]:
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError("There is no CUDA device on this machine.", "Give --device cpu, or leave it out.")
    for name in ("lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.WARNING)
    accelerator = resolve_device(config.device)
    decided = decide(config, look_at(accelerator)).config
    return accelerator, "bf16-mixed" if decided.precision == "bf16" else "32-true"


@cache
def _alone(accelerator: str, precision: Precision) -> Fabric:
    device = [local_rank()] if accelerator == "cuda" else 1
    return Fabric(accelerator=accelerator, devices=device, precision=precision, plugins=LightningEnvironment())


@cache
def _fabric(accelerator: str, precision: Precision) -> Fabric:
    if world_size() == 1:
        return _alone(accelerator, precision)
    fabric = Fabric(
        accelerator=accelerator,
        devices=local_world_size(),
        num_nodes=world_size() // local_world_size(),
        strategy="ddp",
        plugins=TorchElasticEnvironment(),
        precision=precision,
    )
    fabric.launch()
    return fabric
