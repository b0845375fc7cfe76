"""What Python code may hear of a run while it trains: subclass `Callback`, and give it to `alphadsl.train`.

A callback looks on: it changes nothing of a run but its end. Of several processes the first one calls.
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
    """Where a run is: what a `TrainingState` has of it."""

    network: SiameseNetwork
    epoch: int
    step: int
    stops: bool


@dataclass(frozen=True, eq=False)
class Training:
    """A run that trains."""

    folder: Path
    config: ExperimentConfig
    loss: CompiledLoss
    steps: int
    """Steps of the optimizer in all epochs."""
    _state: State
    _measured: Callable[[], SiameseNetwork]

    @property
    def epoch(self) -> int:
        """Epochs completed."""
        return self._state.epoch

    @property
    def step(self) -> int:
        """Steps taken."""
        return self._state.step

    @property
    def encoder(self) -> nn.Module:
        """The encoder at work, (N, 3, H, W) to (N, F). The next epoch puts it back into training mode."""
        return bare(self._state.network.encoder)

    @property
    def measured_encoder(self) -> nn.Module:
        """The encoder that is probed and exported, (N, 3, H, W) to (N, F): with `ema` or a schedule-free optimizer the
        average of the weights, which is computed when asked for, and otherwise `encoder`."""
        return bare(self._measured().encoder)

    def stop(self) -> None:
        """End the run after the epoch under way, as `stop_after` does: saved, probed, and to be continued."""
        self._state.stops = True


class Callback(Protocol):
    """Is called while a run trains. Each method does nothing until a subclass says what."""

    def on_start(self, training: Training) -> None:
        """Before the first step, or the first one after a run was resumed."""

    def on_step(self, training: Training, loss: Tensor) -> None:
        """After a step. `loss` has no axes and lies on the device; reading it, as by `float(loss)`, waits for a GPU."""

    def on_epoch(self, training: Training, row: Mapping[str, float]) -> None:
        """After an epoch. `row` is what `metrics.jsonl` has of it: `step`, `epoch`, `seconds`, `images_per_second`,
        `knn` where there are labels, and the statistics of alpha and of features."""

    def on_end(self, training: Training) -> None:
        """After the last epoch, or the one it was stopped at, before the probe."""


METHODS = ("on_start", "on_step", "on_epoch", "on_end")


def check_callbacks(callbacks: Sequence[object]) -> None:
    """Raises `InputError` naming the first that is none."""
    for place, callback in enumerate(callbacks):
        if isinstance(callback, type):
            raise InputError(f"callbacks[{place}] is the class {callback.__name__}.", f"Give {callback.__name__}().")
        missing = [method for method in METHODS if not callable(getattr(callback, method, None))]
        if missing:
            raise InputError(
                f"callbacks[{place}] is a {type(callback).__name__} without {missing[0]}.",
                "Make its class a subclass of alphadsl.Callback.",
            )
