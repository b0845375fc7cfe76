"""The picture of spectra: eigenvalues at the end, and effective dimensionality, alignment and uniformity by epoch."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from runner.theory.style import GREY, colour, finish


class Measured(Protocol):
    @property
    def eigenvalues_F(self) -> Tensor: ...

    @property
    def effective_dimensionality(self) -> float: ...

    @property
    def alignment(self) -> float: ...

    @property
    def uniformity(self) -> float: ...


class Staged(Protocol):
    @property
    def loss(self) -> str: ...

    @property
    def epoch(self) -> int: ...

    @property
    def layers(self) -> Mapping[str, Measured]: ...


def draw_spectra(stages: Sequence[Staged]) -> Figure:
    losses = list(dict.fromkeys(stage.loss for stage in stages))
    figure = Figure(figsize=(12.5, 6.2), layout="constrained")
    grid = figure.subplots(2, 4)
    for row, layer in zip(grid, ("backbone", "projector"), strict=True):
        for index, loss in enumerate(losses):
            mine = sorted((stage for stage in stages if stage.loss == loss), key=lambda stage: stage.epoch)
            _draw_eigenvalues(row[0], mine, layer, colour(index), loss, untrained=index == 0)
            for axes, name in zip(row[1:], ("effective_dimensionality", "alignment", "uniformity"), strict=True):
                _draw_course(axes, mine, layer, name, colour(index), loss)
        finish(row[0], f"{layer.capitalize()}: spectrum at the end", "eigenvalue, by rank", "share of the variance")
        row[0].set_yscale("log")
        row[0].set_ylim(1e-8, 1.5)
        for axes, title in zip(row[1:], ("Effective dimensionality", "Alignment", "Uniformity"), strict=True):
            finish(axes, title, "epoch")
    grid[0][0].legend(frameon=False, fontsize=7.5)
    return figure


def _draw_eigenvalues(axes: Axes, stages: Sequence[Staged], layer: str, tone: str, loss: str, untrained: bool) -> None:
    for stage, shade, label in ((stages[0], GREY, "untrained"), (stages[-1], tone, loss)):
        if stage is stages[0] and not untrained:
            continue
        values = stage.layers[layer].eigenvalues_F.numpy()
        share = np.maximum(values / max(values.sum(), 1e-300), 1e-12)
        axes.plot(np.arange(1, len(share) + 1), share, linewidth=1.6, label=label, color=shade)


def _draw_course(axes: Axes, stages: Sequence[Staged], layer: str, name: str, tone: str, loss: str) -> None:
    """Draw the mean over runs at each epoch."""
    epochs = sorted({stage.epoch for stage in stages})
    means = [
        float(np.mean([getattr(stage.layers[layer], name) for stage in stages if stage.epoch == epoch]))
        for epoch in epochs
    ]
    axes.plot(epochs, means, marker="o", ms=4, linewidth=1.6, color=tone, label=loss)
