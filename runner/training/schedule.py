"""The inputs of a training step as pure functions of the seed, the epoch and the step: learning rate, order of the data
and random streams. So a run that restarts at any epoch continues as if it had never stopped.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from runner.settings.config import ExperimentConfig, Schedule

# N images, B batch


class Purpose(IntEnum):
    """What a stream of random numbers is for. No two purposes share a stream."""

    ORDER = 0
    VIEWS = 1
    QUEUE = 3
    STATISTICS = 2
    LAYERS = 4


def steps_per_epoch(images: int, config: ExperimentConfig) -> int:
    """The number of whole batches; a smaller last batch would have fewer negatives."""
    return images // config.batch


def learning_rate(step: int, epoch_steps: int, config: ExperimentConfig) -> float:
    """The learning rate at a step: linear warm-up, then the schedule."""
    warmup = config.warmup_epochs * epoch_steps
    if step < warmup:
        return config.lr * (step + 1) / (warmup + 1)
    return config.lr * SCHEDULES[config.schedule](step, epoch_steps, config)


def cosine(step: int, epoch_steps: int, config: ExperimentConfig) -> float:
    """Half a cosine down to zero at the last step (SGDR without restarts, Loshchilov and Hutter 2017)."""
    warmup, total = config.warmup_epochs * epoch_steps, config.epochs * epoch_steps
    progress = (step - warmup) / max(1.0, total - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def constant(step: int, epoch_steps: int, config: ExperimentConfig) -> float:
    """The same rate to the end, whenever that comes."""
    return 1.0


def authors(step: int, epoch_steps: int, config: ExperimentConfig) -> float:
    """The schedule of the paper's own script: constant for eleven epochs, then one step per epoch down a cosine. The
    cosine is as many epochs long as an epoch has steps, and rises again after that."""
    stepped = max(0, step // epoch_steps - AUTHORS_WARMUP)
    return 0.5 * (1 + math.cos(math.pi * stepped / epoch_steps))


AUTHORS_WARMUP = 10
SCHEDULES: Mapping[Schedule, Callable[[int, int, ExperimentConfig], float]] = MappingProxyType(
    {"cosine": cosine, "constant": constant, "authors": authors}
)
"""Factors of the learning rate at a step after the warm-up, counted from 0."""


def epoch_batches(
    images: int, epoch: int, config: ExperimentConfig, device: torch.device, done: int = 0
) -> Iterator[Tensor]:
    """The indices (B,) of the batches of one epoch, without the first `done`. Every image occurs at most once. They are
    copied to the device at once."""
    chance = _random_stream(config.seed, Purpose.ORDER, epoch)
    ordered_N = torch.randperm(images, generator=chance) if config.shuffle else torch.arange(images)
    batches = steps_per_epoch(images, config)
    yield from torch.split(ordered_N[: batches * config.batch].to(device), config.batch)[done:]


def view_stream(seed: int, step: int) -> torch.Generator:
    """The random numbers of the views of one step."""
    return _random_stream(seed, Purpose.VIEWS, step)


def statistics_stream() -> torch.Generator:
    """The random numbers of the views used for statistics, the same for every seed and every epoch."""
    return _random_stream(0, Purpose.STATISTICS, 0)


def queue_stream(seed: int, index: int) -> torch.Generator:
    """The random numbers of the initial queue: index 0 for the order of the images, the others for the views."""
    return _random_stream(seed, Purpose.QUEUE, index)


def seed_layers(seed: int, step: int, process: int) -> None:
    """Seed the global random numbers of one step, for layers such as dropout; each process has its own."""
    torch.manual_seed(_mixed(seed, Purpose.LAYERS, step, process))


def _random_stream(seed: int, purpose: Purpose, index: int) -> torch.Generator:
    return torch.Generator().manual_seed(_mixed(seed, purpose, index))


def _mixed(*numbers: int) -> int:
    """One seed from several numbers: torch's CPU generator keeps 32 bits of a seed, so they are mixed into these."""
    (mixed,) = np.random.SeedSequence(numbers).generate_state(1).tolist()
    return int(mixed)
