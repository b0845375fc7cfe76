"""The network that is measured, probed and exported: the one that is trained, or an average of its weights.

With `ema` it is an exponential moving average over steps (Polyak and Juditsky 1992), kept by torch's `AveragedModel`.
Running statistics of batch norm are averaged with the weights: a copy of the last would be of other weights.

A schedule-free optimizer (Defazio et al. 2024, arXiv 2405.15682) has its average in its own state: it takes slopes at
points y, and the average x is what is to be evaluated. No image ever goes through x in training, so its running
statistics are measured, on the same images each time. The weights that are trained come back bit for bit.
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
"""Of which running statistics are measured: enough for a mean over pixels, and a fiftieth of an epoch on CIFAR-10."""


def make_averaging(network: SiameseNetwork, config: ExperimentConfig) -> Averaging:
    """What a configuration asks for. It copies the network before that is shared, compiled or wrapped."""
    if config.optimizer in SCHEDULE_FREE:
        return ScheduleFree(network)
    return MovingAverage(network, config.ema) if config.ema else Itself()


class Itself:
    """The network that is trained."""

    def to(self, like: Tensor) -> None:
        """It is where it is."""

    def follow(self, state: TrainingState) -> None:
        """Nothing is averaged."""

    def read(self, job: Job, state: TrainingState) -> SiameseNetwork:
        return state.network

    def restore(self, averaged: dict[str, Any], step: int) -> None:
        """Nothing was kept."""


class MovingAverage:
    """An exponential moving average that keeps `decay` of itself at each step, from the weights after the first on."""

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
    """The average that the optimizer has, with running statistics of its own."""

    def __init__(self, network: SiameseNetwork) -> None:
        self._spare = copy.deepcopy(network).requires_grad_(False)
        self._step: int | None = None

    def to(self, like: Tensor) -> None:
        self._spare.to(like)

    def follow(self, state: TrainingState) -> None:
        """The optimizer has done so."""

    def read(self, job: Job, state: TrainingState) -> SiameseNetwork:
        if self._step != state.step:
            self._take(state)
            _measure_statistics(self._spare, job)
            self._step = state.step
        return self._spare

    @torch.no_grad()
    def _take(self, state: TrainingState) -> None:
        """Going to x and back again would round, so the weights are put back."""
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
        """It follows from the state of the optimizer."""


def _measure_statistics(network: SiameseNetwork, job: Job) -> None:
    """Running statistics of batch norm for weights that no image has gone through."""
    with torch.random.fork_rng(devices=[job.fabric.device] if job.fabric.device.type == "cuda" else []):
        torch.manual_seed(0)  # of layers with dropout
        update_bn(_views(job), network)


def _views(job: Job) -> Iterator[Tensor]:
    """Views (B, 3, H, W) of images from all over the training set, the same each time."""
    images, size, stream = len(job.images_NCHW), job.config.batch // job.config.cached_chunks, statistics_stream()
    count = min(images, BATCHES * size)
    chosen_N = (torch.arange(count) * images // count).to(job.fabric.device)
    for indices_B in torch.split(chosen_N, size):
        if len(indices_B) > 1:
            yield make_views(job, indices_B, stream)[0]
