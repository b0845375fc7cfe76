"""What the steps of a run came to: numbers on the device come in, step by step; rows of metrics.jsonl and the loss of
the bar come out, many steps at a time, since whoever looks at a number of a GPU waits for all the work before it.

Refused: a loss or a norm of the gradient that is not finite, by the first step it was so. Nothing is kept of a run
before its numbers are looked at, so what is on disk is always of before that step.
"""

from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from runner.progress import Progress
from runner.records.metrics import MetricsLog
from runner.settings.decisions import decide
from runner.settings.processor import look_at
from runner.training.finite import DivergedError, check_finite
from runner.training.job import Job, TrainingState


@dataclass(frozen=True)
class StepResult:
    """What one step came to; the tensors are 0-d and may lie on a GPU, unread."""

    loss: Tensor
    gradient: Tensor
    """The norm over all parameters, before any clipping."""
    rate: float
    """Learning rate."""


class Readings:
    """The results of steps that nobody has looked at yet, and where they go."""

    def __init__(self, job: Job, state: TrainingState, log: MetricsLog, progress: Progress) -> None:
        self._job, self._state, self._log, self._progress = job, state, log, progress
        every = decide(job.config, look_at(job.fabric.device.type)).config.log_every
        assert isinstance(every, int)
        self._every = every
        self._unread: list[tuple[int, int, StepResult]] = []
        self._loss: float | None = None

    def add(self, step: int, epoch: int, result: StepResult) -> None:
        """Take the result of a step, counted from 1, and look at it where it is time to."""
        self._unread.append((step, epoch, result))
        if len(self._unread) >= self._every:
            self.read()
        self._progress.advance(self._loss)

    def read(self) -> None:
        """Look at everything there is, and write its rows. Raises `DivergedError`."""
        if not self._unread:
            return
        unread, self._unread = self._unread, []
        losses = torch.stack([result.loss for *_, result in unread])
        gradients = torch.stack([result.gradient for *_, result in unread])
        values = torch.stack([losses.double(), gradients.double()], dim=1).tolist()
        for (step, epoch, result), (loss, gradient) in zip(unread, values, strict=True):
            check_finite(self._job, self._state, step, "loss", loss)
            check_finite(self._job, self._state, step, "norm of the gradient", gradient)
            self._log.write({"step": step, "epoch": epoch, "loss": loss, "gradient": gradient, "lr": result.rate})
            self._loss = loss

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What breaks on weights that are no numbers any more is told as the step that made them so."""
        if isinstance(fault, Exception) and not isinstance(fault, DivergedError):
            with suppress(RuntimeError):
                self.read()
