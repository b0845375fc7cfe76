"""Measurements over training: runs of one group come in; a mean with its band over seeds comes out, by epoch or by
second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runner.records.metrics import Curve
from runner.records.summary import Group

# S seeds, P points

Floats = NDArray[np.float64]
Clock = Literal["epoch", "second"]
POINTS = 80
"""Of a long curve so many means over stretches are drawn, so that noise of single batches does not hide its course."""


@dataclass(frozen=True, eq=False)
class Band:
    """The mean over seeds with one standard deviation to either side."""

    at_P: Floats
    mean_P: Floats
    deviation_P: Floats

    @property
    def low_P(self) -> Floats:
        return self.mean_P - self.deviation_P

    @property
    def high_P(self) -> Floats:
        return self.mean_P + self.deviation_P


def band_of(group: Group, name: str, clock: Clock = "epoch", scale: float = 1.0) -> Band | None:
    """Where all seeds have a value: one may have got less far. None where there is no such place."""
    curves = [run.curve(name) for run in group.runs]
    shared = sorted(set(curves[0].at).intersection(*(curve.at for curve in curves)))
    if not shared:
        return None
    values_SP = thin_out(scale * np.array([_values_at(curve, shared) for curve in curves]))
    places_SP = np.array([_times(group, index, shared, clock) for index in range(len(curves))])
    deviation_P = values_SP.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(values_SP.shape[1])
    return Band(thin_out(places_SP).mean(axis=0), values_SP.mean(axis=0), deviation_P)


def thin_out(values_SP: Floats) -> Floats:
    """Means over stretches of a curve with more than `POINTS` points."""
    stretch = max(1, -(-values_SP.shape[1] // POINTS))
    starts = range(0, values_SP.shape[1], stretch)
    return np.stack([values_SP[:, start : start + stretch].mean(axis=1) for start in starts], axis=1)


def _values_at(curve: Curve, shared: Sequence[float]) -> list[float]:
    known = dict(zip(curve.at, curve.values, strict=True))
    return [known[at] for at in shared]


def _times(group: Group, seed: int, steps: Sequence[float], clock: Clock) -> Floats:
    """When a run was at these steps: epochs, or seconds of training, which are measured as each epoch ends."""
    run = group.runs[seed]
    if clock == "epoch":
        return np.array(steps) / run.epoch_steps
    seconds = run.curve("seconds")
    return np.interp(steps, [0.0, *seconds.at], [0.0, *seconds.values])


def names_of(groups: Sequence[Group], prefix: str) -> list[str]:
    """The measurements whose names begin so, of whatever run has them."""
    return sorted({name for group in groups for run in group.runs for name in run.curves if name.startswith(prefix)})
