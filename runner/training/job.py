"""What one run of pretraining is given, and what changes while it runs."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from lightning.fabric import Fabric
from lightning.fabric.wrappers import _FabricModule
from torch import Tensor

from runner.contract import CompiledLoss
from runner.data.splits import ImageData
from runner.network.borrowed import OwnEncoder
from runner.network.branches import Branches
from runner.network.models import SiameseNetwork
from runner.records.folder import RunFolder
from runner.settings.config import ExperimentConfig
from runner.settings.keys import decide_keys
from runner.training.callbacks import Callback
from runner.training.clock import Stopwatch
from runner.training.schedule import steps_per_epoch

# N images, B batch, D embedding width


@dataclass(frozen=True, eq=False)
class Job:
    """What one run of pretraining is given."""

    loss: CompiledLoss
    data: ImageData
    config: ExperimentConfig
    run: RunFolder
    fabric: Fabric
    stop_after: int | None = None
    """The epoch after which the run ends for now; schedules stay those of all its epochs."""

    encoder: OwnEncoder | None = None
    """A module that takes the place of one that is made from its name."""
    callbacks: tuple[Callback, ...] = ()

    @property
    def last_epoch(self) -> int:
        return self.config.epochs if self.stop_after is None else min(self.stop_after, self.config.epochs)

    @property
    def images_NCHW(self) -> Tensor:
        """Without labels, all images there are; a loss that takes labels sees the labelled ones, but those held out."""
        return self.data.learnt.x_NCHW if "labels" in self.loss.takes else self.data.pretrain_NCHW

    @property
    def epoch_steps(self) -> int:
        return steps_per_epoch(len(self.images_NCHW), self.config)

    @property
    def steps(self) -> int:
        return self.config.epochs * self.epoch_steps

    @property
    def decided(self) -> ExperimentConfig:
        """The configuration with what is said of keys decided for this loss and these images."""
        return decide_keys(self.config, self.loss.name, "queue" in self.loss.takes, len(self.images_NCHW))

    def ends_at(self, state: "TrainingState") -> bool:
        """Whether the epoch that was completed is the last for now."""
        return state.epoch >= self.last_epoch or state.stops

    def loss_of(self, z0_BD: Tensor, z1_BD: Tensor, indices_B: Tensor) -> Tensor:
        if "labels" in self.loss.takes:
            return self.loss(z0_BD, z1_BD, labels=self.data.learnt.y_N[indices_B])
        return self.loss(z0_BD, z1_BD)


class Averaging(Protocol):
    """Which network is measured, probed and exported."""

    def to(self, like: Tensor) -> None:
        """Go to the device of a tensor."""

    def follow(self, state: "TrainingState") -> None:
        """After each step of the optimizer."""

    def read(self, job: Job, state: "TrainingState") -> SiameseNetwork:
        """The network that is measured. Nothing that is trained changes."""

    def restore(self, averaged: dict[str, Any], step: int) -> None:
        """Go to what a checkpoint of a step has kept."""


@dataclass
class TrainingState:
    """What changes during a run, and nothing else."""

    network: SiameseNetwork
    embed: _FabricModule
    """The network behind Fabric's precision."""
    optimizer: torch.optim.Optimizer
    branches: Branches
    """What the loss sees besides the network."""
    averaging: Averaging
    """Which network is measured, probed and exported."""
    predict: _FabricModule | None = None
    """The predictor behind Fabric's precision, if there is one."""
    epoch: int = 0
    """Epochs completed, with their row written."""
    step: int = 0
    """Optimizer steps taken."""
    stops: bool = False
    """Whether a callback wants the run to end after the epoch under way."""
    saved: int | None = None
    """The step of the last checkpoint, if there is one."""
    clock: Stopwatch = field(default_factory=Stopwatch)
    metrics_bytes: int = 0
    record: str = ""
    """Whose checkpoints these are."""
