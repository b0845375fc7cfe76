"""Results of the training steps: numbers on the device come in, step by step; rows of metrics.jsonl and the loss shown
by the progress bar come out, many steps at a time, since reading a number from a GPU waits for all the work before it.

Refused: a loss or a gradient norm that is not finite, with the first step at which it was so. Nothing is saved before
the numbers are checked, so what is on disk is always from before that step.
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
    """The result of one step; the tensors are 0-d and may still be on a GPU, unread."""

    loss: Tensor
    gradient: Tensor
    """The gradient norm over all parameters, before any clipping."""
    rate: float
    """Learning rate."""


class Readings:
    """The results of steps that have not been read yet, and where they go."""

    def __init__(self, job: Job, state: TrainingState, log: MetricsLog, progress: Progress) -> None:
        self._job, self._state, self._log, self._progress = job, state, log, progress
        every = decide(job.config, look_at(job.fabric.device.type)).config.log_every
        assert isinstance(every, int)
        self._every = every
        self._unread: list[tuple[int, int, StepResult]] = []
        self._loss: float | None = None

    def add(self, step: int, epoch: int, result: StepResult) -> None:
        """Add the result of a step, counted from 1, and read all results if it is time to."""
        self._unread.append((step, epoch, result))
        if len(self._unread) >= self._every:
            self.read()
        self._progress.advance(self._loss)

    def read(self) -> None:
        """Read all pending results and write their rows. Raises `DivergedError`."""
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
        """If weights that are no longer finite caused an error, report the step that made them so."""
        if isinstance(fault, Exception) and not isinstance(fault, DivergedError):
            with suppress(RuntimeError):
                self.read()
