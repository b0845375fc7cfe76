"""What a run is computed with: a configuration comes in; Lightning's Fabric on one device, in its precision, comes out.

Refused: several processes, and a device that is not there.
"""

import logging
import os
from functools import cache
from typing import Literal

import torch
from lightning.fabric import Fabric

from alphadsl.report.exceptions import InputError
from runner.settings.config import ExperimentConfig
from runner.settings.decisions import decide
from runner.settings.machine import resolve_device
from runner.settings.processor import look_at


def make_fabric(config: ExperimentConfig) -> Fabric:
    """One device with the precision of the configuration, decided here where it says `auto`.

    Raises `InputError` where that cannot be had.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes > 1:
        raise InputError(
            f"Training was started with {processes} processes, and negatives are not gathered across processes yet.",
            "Start it with one.",
        )
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError("There is no CUDA device on this machine.", "Give --device cpu, or leave it out.")
    for name in ("lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.WARNING)
    accelerator = resolve_device(config.device)
    decided = decide(config, look_at(accelerator)).config
    return _fabric(accelerator, "bf16-mixed" if decided.precision == "bf16" else "32-true")


@cache
def _fabric(accelerator: str, precision: Literal["bf16-mixed", "32-true"]) -> Fabric:
    return Fabric(accelerator=accelerator, devices=1, precision=precision)
