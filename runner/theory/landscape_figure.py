"""The picture of two losses on one network, and of the score against probe accuracy over the library."""

from collections.abc import Sequence
from typing import Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.theory.style import COLOURS, GREY, colour, finish

NAMED = 12
"""How many losses of the library are named beside their point: the best and the worst."""


class Look(Protocol):
    @property
    def loss(self) -> str: ...

    @property
    def step(self) -> int: ...

    @property
    def effective(self) -> float: ...

    @property
    def consistency(self) -> float: ...

    @property
    def classes(self) -> float: ...


class Between(Protocol):
    @property
    def step(self) -> int: ...

    @property
    def overlap(self) -> float: ...

    @property
    def correlation(self) -> float: ...


class Entry(Protocol):
    @property
    def loss(self) -> str: ...

    @property
    def score(self) -> float: ...

    @property
    def accuracy(self) -> float: ...

    @property
    def supervised(self) -> bool: ...


def draw_landscape(looks: Sequence[Look], between: Sequence[Between], entries: Sequence[Entry]) -> Figure:
    figure = Figure(figsize=(12.5, 6.4), layout="constrained")
    grid = figure.add_gridspec(2, 4 if entries else 2)
    panels = [figure.add_subplot(grid[row, column]) for row in (0, 1) for column in (0, 1)]
    for index in (0, 1):
        mine = looks[index::2]
        steps = [look.step for look in mine]
        for axes, values in (
            (panels[0], [look.effective for look in mine]),
            (panels[2], [look.classes for look in mine]),
            (panels[3], [look.consistency for look in mine]),
        ):
            axes.plot(steps, values, marker="o", ms=4, color=colour(index), label=mine[0].loss)
    steps = [pair.step for pair in between]
    panels[1].plot(
        steps, [pair.overlap for pair in between], marker="o", ms=4, color=COLOURS[2], label="top eigenspaces"
    )
    panels[1].plot(
        steps, [pair.correlation for pair in between], marker="s", ms=4, color=COLOURS[3], label="alphas (rank)"
    )
    panels[1].set_ylim(-0.05, 1.05)
    for axes, title in zip(
        panels,
        ("Effective negatives", "How alike the two are", "Class share of the pull", "View share of the pull"),
        strict=True,
    ):
        finish(axes, title, "step")
        axes.legend(frameon=False, fontsize=8)
    if entries:
        _draw_library(figure.add_subplot(grid[:, 2:]), entries)
    return figure


def _draw_library(axes: Axes, entries: Sequence[Entry]) -> None:
    ordered = sorted(entries, key=lambda entry: entry.accuracy)
    named = {entry.loss for entry in (*ordered[: NAMED // 2], *ordered[-NAMED // 2 :])}
    for entry in ordered:
        tone = GREY if entry.supervised else COLOURS[0]
        axes.plot(entry.score, 100 * entry.accuracy, "o", ms=5, color=tone)
        if entry.loss in named:
            axes.annotate(
                entry.loss, (entry.score, 100 * entry.accuracy), (4, 3), textcoords="offset points", fontsize=7
            )
    finish(
        axes, "The library: score without labels against a probe", "share of the pull that views agree on", "probe, %"
    )
