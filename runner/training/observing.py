"""What is measured when an epoch ends: a job and its state come in, named numbers for the row of the epoch come out.

An observer changes nothing: a run has the same weights with and without it.
"""

from collections.abc import Mapping
from typing import Protocol

from runner.evaluation.probe import monitor_encoder
from runner.evaluation.protocol import protocol_of
from runner.training.job import Job, TrainingState


class Observer(Protocol):
    """Measures the state after an epoch; no numbers where it does not apply."""

    def __call__(self, job: Job, state: TrainingState) -> Mapping[str, float]: ...


def neighbours(job: Job, state: TrainingState) -> Mapping[str, float]:
    """`knn`: accuracy of nearest neighbours on a part of the validation images."""
    protocol = protocol_of(job.config)
    knn = monitor_encoder(state.network.encoder, job.data, job.fabric, protocol) if job.data.labelled else None
    return {} if knn is None else {"knn": knn}


def moving_parameters(job: Job, state: TrainingState) -> Mapping[str, float]:
    """`loss/NAME`: the parameters of the loss that are learnt or scheduled."""
    return {f"loss/{name}": job.loss.values[name] for name in job.loss.time_varying}


OBSERVERS: tuple[Observer, ...] = (neighbours, moving_parameters)


def observe(job: Job, state: TrainingState) -> dict[str, float]:
    """Everything that the observers measure."""
    return {name: value for observer in OBSERVERS for name, value in observer(job, state).items()}
