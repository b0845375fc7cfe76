"""The inputs of one pretraining run, and the state that changes while it runs."""

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
    """The inputs of one pretraining run."""

    loss: CompiledLoss
    data: ImageData
    config: ExperimentConfig
    run: RunFolder
    fabric: Fabric
    stop_after: int | None = None
    """The epoch after which the run ends for now; the schedules still cover all of its epochs."""

    encoder: OwnEncoder | None = None
    """A module to train in place of one built from its name."""
    callbacks: tuple[Callback, ...] = ()

    @property
    def last_epoch(self) -> int:
        return self.config.epochs if self.stop_after is None else min(self.stop_after, self.config.epochs)

    @property
    def images_NCHW(self) -> Tensor:
        """All images for a loss without labels; the labelled ones that are not held out for a loss that takes
        labels."""
        return self.data.learnt.x_NCHW if "labels" in self.loss.takes else self.data.pretrain_NCHW

    @property
    def epoch_steps(self) -> int:
        return steps_per_epoch(len(self.images_NCHW), self.config)

    @property
    def steps(self) -> int:
        return self.config.epochs * self.epoch_steps

    @property
    def decided(self) -> ExperimentConfig:
        """The configuration, with queue and momentum encoder decided for this loss and these images."""
        return decide_keys(self.config, self.loss.name, "queue" in self.loss.takes, len(self.images_NCHW))

    def ends_at(self, state: "TrainingState") -> bool:
        """Whether the epoch just completed is the last one for now."""
        return state.epoch >= self.last_epoch or state.stops

    def loss_of(self, z0_BD: Tensor, z1_BD: Tensor, indices_B: Tensor) -> Tensor:
        if "labels" in self.loss.takes:
            return self.loss(z0_BD, z1_BD, labels=self.data.learnt.y_N[indices_B])
        return self.loss(z0_BD, z1_BD)


class Averaging(Protocol):
    """Decides which network is measured, probed and exported."""

    def to(self, like: Tensor) -> None:
        """Move to the device and dtype of a tensor."""

    def follow(self, state: "TrainingState") -> None:
        """Update the average after a step of the optimizer."""

    def read(self, job: Job, state: "TrainingState") -> SiameseNetwork:
        """The network that is measured. Nothing in training changes."""

    def restore(self, averaged: dict[str, Any], step: int) -> None:
        """Restore the average that a checkpoint saved at a step."""


@dataclass
class TrainingState:
    """What changes during a run, and nothing else."""

    network: SiameseNetwork
    embed: _FabricModule
    """The network, wrapped by Fabric for its precision."""
    optimizer: torch.optim.Optimizer
    branches: Branches
    """What the loss uses besides the network."""
    averaging: Averaging
    """Which network is measured, probed and exported."""
    predict: _FabricModule | None = None
    """The predictor, wrapped by Fabric for its precision, if there is one."""
    epoch: int = 0
    """Completed epochs whose row is written."""
    step: int = 0
    """Optimizer steps taken."""
    stops: bool = False
    """Whether a callback wants the run to end after the current epoch."""
    saved: int | None = None
    """The step of the last checkpoint, if there is one."""
    clock: Stopwatch = field(default_factory=Stopwatch)
    metrics_bytes: int = 0
    record: str = ""
    """The record of the run that the checkpoints belong to."""
