"""Whether a run is still finite: a value comes in; nothing comes out, or the error that ends the run."""

import math

from alphadsl.report.exceptions import InputError
from runner.contract import describe_loss
from runner.training.job import Job, TrainingState


class DivergedError(InputError):
    """Raised when a loss or its gradient is no longer finite."""


def check_finite(job: Job, state: TrainingState, step: int, what: str, value: float) -> None:
    """Raises `DivergedError` if `value` is not finite, with the step, the spec and the last good checkpoint."""
    if math.isfinite(value):
        return
    raise DivergedError(
        f"The {what} of {describe_loss(job.loss)} in {job.run.spec} is {value} at step {step}.",
        f"The last good checkpoint is {job.run.checkpoint}, of step {state.saved}; "
        "try a larger temperature or a smaller --lr.",
    )
