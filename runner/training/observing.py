"""What is measured when an epoch ends: a job and its state come in; named numbers for the row of the epoch come out.

An observer changes nothing: a run ends with the same weights with and without it.
"""

from collections.abc import Mapping
from typing import Protocol

import torch

from runner.data.views import make_view, recipe_of
from runner.evaluation.probe import monitor_encoder
from runner.evaluation.protocol import protocol_of
from runner.evaluation.statistics import Keys, measure_batch
from runner.training.job import Job, TrainingState
from runner.training.schedule import statistics_stream

# N images, C colours (3), H height, W width

MOST_IMAGES, MOST_LABELLED = 256, 128
"""Limits of the batch for statistics: a loss with labels has one row for each positive of an anchor."""


class Observer(Protocol):
    """Measures the state after an epoch; returns no numbers if it does not apply."""

    def __call__(self, job: Job, state: TrainingState) -> Mapping[str, float]: ...


def neighbours(job: Job, state: TrainingState) -> Mapping[str, float]:
    """`knn`: k-nearest-neighbour accuracy on a part of the validation images."""
    if not job.data.labelled:
        return {}
    encoder = state.averaging.read(job, state).encoder
    knn = monitor_encoder(encoder, job.data, job.fabric, protocol_of(job.config))
    return {} if knn is None else {"knn": knn}


def moving_parameters(job: Job, state: TrainingState) -> Mapping[str, float]:
    """`loss/NAME`: the parameters of the loss that are learnt or scheduled."""
    return {f"loss/{name}": job.loss.values[name] for name in job.loss.time_varying}


def batch_statistics(job: Job, state: TrainingState) -> Mapping[str, float]:
    """`alpha/NAME` and `features/NAME` of `runner.evaluation.statistics`, for two views of a batch that is the same for
    all epochs and seeds: as many images as a training batch, up to a limit, spread over the training set."""
    labelled = "labels" in job.loss.takes
    count = min(job.config.batch, MOST_LABELLED if labelled else MOST_IMAGES)
    chosen_N = torch.arange(count) * len(job.images_NCHW) // count
    x_NCHW, stream = job.images_NCHW[chosen_N.to(job.fabric.device)], statistics_stream()
    views = torch.stack([make_view(x_NCHW, recipe_of(job.config), stream) for _ in range(2)])
    labels_N = job.data.learnt.y_N[chosen_N.to(job.fabric.device)] if labelled else None
    measured, branches = state.averaging.read(job, state), state.branches
    keys = None if branches.queue_QD is None else Keys(branches.encoder or measured, branches.queue_QD)
    return measure_batch(measured, job.loss, views, labels_N, keys)


OBSERVERS: tuple[Observer, ...] = (neighbours, moving_parameters, batch_statistics)


def observe(job: Job, state: TrainingState) -> dict[str, float]:
    """All measurements of the observers, by name."""
    return {name: value for observer in OBSERVERS for name, value in observer(job, state).items()}
