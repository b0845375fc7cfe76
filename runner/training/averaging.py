"""The network that is measured, probed and exported: the one that is trained, or an average of its weights.

With `ema` it is an exponential moving average over steps (Polyak and Juditsky 1992), kept by torch's `AveragedModel`.
The running statistics of batch norm are averaged with the weights: the latest statistics would belong to other weights.

A schedule-free optimizer (Defazio et al. 2024, arXiv 2405.15682) keeps its average in its own state: it takes gradients
at points y, and the average x is the one to evaluate. No image goes through x during training, so the running
statistics of x are measured, on the same images each time. The trained weights are then restored bit for bit.
"""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from runner.network.models import SiameseNetwork
from runner.settings.config import SCHEDULE_FREE, ExperimentConfig
from runner.training.embedding import make_views
from runner.training.job import Averaging, Job, TrainingState
from runner.training.schedule import statistics_stream

# N images, B batch

BATCHES = 20
"""Number of batches for running statistics: enough for a mean over pixels, and a fiftieth of a CIFAR-10 epoch."""


def make_averaging(network: SiameseNetwork, config: ExperimentConfig) -> Averaging:
    """The averaging that a configuration asks for. It copies the network before that is distributed, compiled or
    wrapped."""
    if config.optimizer in SCHEDULE_FREE:
        return ScheduleFree(network)
    return MovingAverage(network, config.ema) if config.ema else Itself()


class Itself:
    """No average: the network that is trained."""

    def to(self, like: Tensor) -> None:
        """Nothing to move: the network is where it is."""

    def follow(self, state: TrainingState) -> None:
        """Nothing is averaged."""

    def read(self, job: Job, state: TrainingState) -> SiameseNetwork:
        return state.network

    def restore(self, averaged: dict[str, Any], step: int) -> None:
        """Nothing was saved."""


class MovingAverage:
    """An exponential moving average of the weights with decay `decay` per step, starting after the first step."""

    def __init__(self, network: SiameseNetwork, decay: float) -> None:
        moving = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(network, multi_avg_fn=moving, use_buffers=True)
        self._average.requires_grad_(False)

    def to(self, like: Tensor) -> None:
        self._average.to(like)

    def follow(self, state: TrainingState) -> None:
        self._average.update_parameters(state.network)

    def read(self, job: Job, state: TrainingState) -> SiameseNetwork:
        network = self._average.module
        assert isinstance(network, SiameseNetwork)
        return network

    def restore(self, averaged: dict[str, Any], step: int) -> None:
        self._average.module.load_state_dict(averaged)
        self._average.n_averaged.fill_(step)


class ScheduleFree:
    """The average that the optimizer keeps, with running statistics of its own."""

    def __init__(self, network: SiameseNetwork) -> None:
        self._spare = copy.deepcopy(network).requires_grad_(False)
        self._step: int | None = None

    def to(self, like: Tensor) -> None:
        self._spare.to(like)

    def follow(self, state: TrainingState) -> None:
        """Nothing to do: the optimizer averages."""

    def read(self, job: Job, state: TrainingState) -> SiameseNetwork:
        if self._step != state.step:
            self._take(state)
            _measure_statistics(self._spare, job)
            self._step = state.step
        return self._spare

    @torch.no_grad()
    def _take(self, state: TrainingState) -> None:
        """Copy x. The weights y are saved and restored, since going to x and back would round."""
        optimizer: Any = state.optimizer
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        kept = [weight.clone() for weight in weights]
        try:
            optimizer.eval()
            self._spare.load_state_dict(state.network.state_dict())
        finally:
            optimizer.train()
            for weight, before in zip(weights, kept, strict=True):
                weight.copy_(before)

    def restore(self, averaged: dict[str, Any], step: int) -> None:
        """Nothing to do: the average follows from the state of the optimizer."""


def _measure_statistics(network: SiameseNetwork, job: Job) -> None:
    """Measure running statistics of batch norm for weights that no image has gone through."""
    with torch.random.fork_rng(devices=[job.fabric.device] if job.fabric.device.type == "cuda" else []):
        torch.manual_seed(0)  # of layers with dropout
        update_bn(_views(job), network)


def _views(job: Job) -> Iterator[Tensor]:
    """Views (B, 3, H, W) of images spread over the training set, the same ones each time."""
    images, size, stream = len(job.images_NCHW), job.config.batch // job.config.cached_chunks, statistics_stream()
    count = min(images, BATCHES * size)
    chosen_N = (torch.arange(count) * images // count).to(job.fabric.device)
    for indices_B in torch.split(chosen_N, size):
        if len(indices_B) > 1:
            yield make_views(job, indices_B, stream)[0]
