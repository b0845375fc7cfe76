"""When the state of a run is saved: as often as its configuration says, at its end, and when a signal stops it."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from alphadsl.report.exceptions import InputError
from runner.progress import tell
from runner.records.metrics import MetricsLog
from runner.settings.often import parse_often
from runner.settings.processes import world_size
from runner.training.job import Job, TrainingState
from runner.training.readings import Readings
from runner.training.saving import keep
from runner.training.stopping import StopSignals
from runner.training.together import led

AGREE_EVERY = 50
"""Number of steps after which several processes agree on the time."""


@contextmanager
def in_its_folder(job: Job, state: TrainingState) -> Iterator[None]:
    """If the run folder has disappeared, say so in place of the error that this caused inside the block."""
    try:
        yield
    except InputError:
        if job.run.marker.exists():
            raise
        raise InputError(
            f"The run folder {job.run.path} has vanished or was moved, before step {state.step + 1:,}.",
            f"Put it back where it was and give --resume: the run continues from step {state.saved or 0:,}.",
        ) from None


class Keeper:
    """Saves at the points of the training loop where the state is consistent."""

    def __init__(
        self, job: Job, state: TrainingState, log: MetricsLog, readings: Readings, signals: StopSignals
    ) -> None:
        self._job, self._state, self._log, self._readings, self._signals = job, state, log, readings, signals
        self._often = parse_often(job.config.save_every)
        self._saved = monotonic()

    def save(self) -> None:
        """Write a checkpoint that counts the rows on disk. Raises `DivergedError` before it could save NaN."""
        self._readings.read()
        with self._state.clock.paused():
            led(self._write)
        self._state.saved, self._saved = self._state.step, monotonic()

    def _write(self) -> None:
        self._state.metrics_bytes = self._log.flush()
        keep(self._job, self._state)

    def after_step(self) -> None:
        """Save if it is time to. If a signal was received, save and stop."""
        steps = self._often.steps
        if self._signals.held:
            self._stop()
        elif self._is_time() or (steps is not None and self._state.step % steps == 0):
            self.save()

    def after_epoch(self) -> None:
        """The same once the row of the epoch is written."""
        epoch, kept, every = self._state.epoch, self._job.config.keep_every, self._often.epochs
        due = (every is not None and epoch % every == 0) or (kept and epoch % kept == 0)
        if self._signals.held:
            self._stop()
        elif due or self._is_time() or self._job.ends_at(self._state):
            self.save()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Used around work that takes time and changes nothing: a run that is stopped there has lost nothing."""
        try:
            with self._signals.let_through():
                yield
        except KeyboardInterrupt:
            self._save_for_good_bye()
            raise

    def _stop(self) -> None:
        self._save_for_good_bye()
        self._signals.obey()

    def _save_for_good_bye(self) -> None:
        """Save from the stopped process only: the others have nothing to save."""
        self._readings.read()
        self._write()
        tell(f"{self._job.run.path} is saved at step {self._state.step:,} of {self._job.steps:,}.")

    def _is_time(self) -> bool:
        """Whether the interval in seconds has passed. Processes agree on this every so many steps, to save together."""
        seconds, step = self._often.seconds, self._state.step
        if seconds is None or (world_size() > 1 and step % AGREE_EVERY and step % self._job.epoch_steps):
            return False
        return led(lambda: monotonic() - self._saved >= seconds)
