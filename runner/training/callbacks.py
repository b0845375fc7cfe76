"""Callbacks for Python code that follows a run while it trains: subclass `Callback`, and pass it to `alphadsl.train`.

A callback only observes: the one thing it can change is when the run ends. With several processes, rank 0 calls it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss
from runner.network.borrowed import bare
from runner.network.models import SiameseNetwork
from runner.settings.config import ExperimentConfig


class State(Protocol):
    """Progress of a run: the part of `TrainingState` that callbacks see."""

    network: SiameseNetwork
    epoch: int
    step: int
    stops: bool


@dataclass(frozen=True, eq=False)
class Training:
    """A run in training, as callbacks see it."""

    folder: Path
    config: ExperimentConfig
    loss: CompiledLoss
    steps: int
    """Optimizer steps in all epochs."""
    _state: State
    _measured: Callable[[], SiameseNetwork]

    @property
    def epoch(self) -> int:
        """Number of completed epochs."""
        return self._state.epoch

    @property
    def step(self) -> int:
        """Number of steps taken."""
        return self._state.step

    @property
    def encoder(self) -> nn.Module:
        """The encoder in training, (N, 3, H, W) to (N, F). The next epoch sets it back to training mode."""
        return bare(self._state.network.encoder)

    @property
    def measured_encoder(self) -> nn.Module:
        """The encoder that is probed and exported, (N, 3, H, W) to (N, F). With `ema` or a schedule-free optimizer this
        is the average of the weights, computed on demand; otherwise it is `encoder`."""
        return bare(self._measured().encoder)

    def stop(self) -> None:
        """End the run after the current epoch, like `stop_after`: it is saved and probed, and can be continued."""
        self._state.stops = True


class Callback(Protocol):
    """Called while a run trains. Each method does nothing unless a subclass overrides it."""

    def on_start(self, training: Training) -> None:
        """Called before the first step, also when a run is resumed."""

    def on_step(self, training: Training, loss: Tensor) -> None:
        """Called after a step. `loss` is a 0-d tensor on the device; reading it, as with `float(loss)`, waits for a
        GPU."""

    def on_epoch(self, training: Training, row: Mapping[str, float]) -> None:
        """Called after an epoch. `row` is its row of `metrics.jsonl`: `step`, `epoch`, `seconds`, `images_per_second`,
        `knn` if there are labels, and the statistics of alpha and of the features."""

    def on_end(self, training: Training) -> None:
        """Called after the last epoch, or the one after which the run was stopped, before the probe."""


METHODS = ("on_start", "on_step", "on_epoch", "on_end")


def check_callbacks(callbacks: Sequence[object]) -> None:
    """Raises `InputError` that names the first object that is not a callback, or says that there is no list."""
    if not isinstance(callbacks, Sequence):
        raise InputError(f"callbacks is a {type(callbacks).__name__}, not a list.", "Give callbacks=[...].")
    for place, callback in enumerate(callbacks):
        if isinstance(callback, type):
            raise InputError(f"callbacks[{place}] is the class {callback.__name__}.", f"Give {callback.__name__}().")
        missing = [method for method in METHODS if not callable(getattr(callback, method, None))]
        if missing:
            raise InputError(
                f"callbacks[{place}] is a {type(callback).__name__} without {missing[0]}.",
                "Make its class a subclass of alphadsl.Callback.",
            )
