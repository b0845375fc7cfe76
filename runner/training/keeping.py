"""When the state of a run is saved: as often as its configuration says, at its end, and when it is told to stop."""

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
"""Steps after which several processes agree on the time."""


@contextmanager
def in_its_folder(job: Job, state: TrainingState) -> Iterator[None]:
    """What is refused inside the block because the run folder is not there any more says so."""
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
    """Saves at the turns of the loop where the state is whole."""

    def __init__(
        self, job: Job, state: TrainingState, log: MetricsLog, readings: Readings, signals: StopSignals
    ) -> None:
        self._job, self._state, self._log, self._readings, self._signals = job, state, log, readings, signals
        self._often = parse_often(job.config.save_every)
        self._saved = monotonic()

    def save(self) -> None:
        """A checkpoint that counts the rows that are on disk. Raises `DivergedError` before any is lost to NaN."""
        self._readings.read()
        with self._state.clock.paused():
            led(self._write)
        self._state.saved, self._saved = self._state.step, monotonic()

    def _write(self) -> None:
        self._state.metrics_bytes = self._log.flush()
        keep(self._job, self._state)

    def after_step(self) -> None:
        """Save where it is time to; where the run was told to stop, save and stop."""
        steps = self._often.steps
        if self._signals.held:
            self._stop()
        elif self._is_time() or (steps is not None and self._state.step % steps == 0):
            self.save()

    def after_epoch(self) -> None:
        """The same, when the row of the epoch is written."""
        epoch, kept, every = self._state.epoch, self._job.config.keep_every, self._often.epochs
        due = (every is not None and epoch % every == 0) or (kept and epoch % kept == 0)
        if self._signals.held:
            self._stop()
        elif due or self._is_time() or self._job.ends_at(self._state):
            self.save()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Around what takes time and changes nothing: a run that is stopped there has lost nothing."""
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
        """By the process that is stopped alone: the others have nothing to save."""
        self._readings.read()
        self._write()
        tell(f"{self._job.run.path} is saved at step {self._state.step:,} of {self._job.steps:,}.")

    def _is_time(self) -> bool:
        """So that processes save after the same step, they ask each other every so many."""
        seconds, step = self._often.seconds, self._state.step
        if seconds is None or (world_size() > 1 and step % AGREE_EVERY and step % self._job.epoch_steps):
            return False
        return led(lambda: monotonic() - self._saved >= seconds)
