"""Calls the callbacks of a run: a job and its state come in; the state may be told to stop."""

from collections.abc import Mapping
from functools import partial

from torch import Tensor

from runner.settings.processes import leads
from runner.training.callbacks import Training
from runner.training.job import Job, TrainingState
from runner.training.together import led


class Calls:
    """Calls every callback in turn, on rank 0 only. If one stops the run, all processes stop."""

    def __init__(self, job: Job, state: TrainingState) -> None:
        self._state = state
        measured = partial(state.averaging.read, job, state)
        self._training = Training(job.run.path, job.config, job.loss, job.steps, state, measured)
        self._any = bool(job.callbacks)
        self._callbacks = job.callbacks if leads() else ()

    def start(self) -> None:
        for callback in self._callbacks:
            callback.on_start(self._training)

    def step(self, loss: Tensor) -> None:
        for callback in self._callbacks:
            callback.on_step(self._training, loss)

    def epoch(self, row: Mapping[str, float]) -> None:
        for callback in self._callbacks:
            callback.on_epoch(self._training, row)
        if self._any:
            self._state.stops = led(lambda: self._state.stops)

    def end(self) -> None:
        for callback in self._callbacks:
            callback.on_end(self._training)
