"""Measurements during training: runs of one group come in; their mean, with a band over seeds, comes out by epoch or by
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
"""Number of points that a long curve is averaged down to, so that the noise of single batches does not hide its
trend."""


@dataclass(frozen=True, eq=False)
class Band:
    """The mean over seeds, with one standard deviation on either side."""

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
    """The band at the points where all seeds have a value, since some may have run less far; None if there are none."""
    curves = [run.curve(name) for run in group.runs]
    shared = sorted(set(curves[0].at).intersection(*(curve.at for curve in curves)))
    if not shared:
        return None
    values_SP = thin_out(scale * np.array([_values_at(curve, shared) for curve in curves]))
    places_SP = np.array([_times(group, index, shared, clock) for index in range(len(curves))])
    deviation_P = values_SP.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(values_SP.shape[1])
    return Band(thin_out(places_SP).mean(axis=0), values_SP.mean(axis=0), deviation_P)


def thin_out(values_SP: Floats) -> Floats:
    """Average a curve of more than `POINTS` points over consecutive stretches."""
    stretch = max(1, -(-values_SP.shape[1] // POINTS))
    starts = range(0, values_SP.shape[1], stretch)
    return np.stack([values_SP[:, start : start + stretch].mean(axis=1) for start in starts], axis=1)


def _values_at(curve: Curve, shared: Sequence[float]) -> list[float]:
    known = dict(zip(curve.at, curve.values, strict=True))
    return [known[at] for at in shared]


def _times(group: Group, seed: int, steps: Sequence[float], clock: Clock) -> Floats:
    """The times (P,) at which a run took these steps: epochs, or seconds of training, measured at the end of each
    epoch."""
    run = group.runs[seed]
    if clock == "epoch":
        return np.array(steps) / run.epoch_steps
    seconds = run.curve("seconds")
    return np.interp(steps, [0.0, *seconds.at], [0.0, *seconds.values])


def names_of(groups: Sequence[Group], prefix: str) -> list[str]:
    """The measurements whose names begin with `prefix`, in any of the runs."""
    return sorted({name for group in groups for run in group.runs for name in run.curves if name.startswith(prefix)})
