"""The picture of two-layer networks: first layers at the end, and the distributions of rank and coverage."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from runner.theory.ascent import Ends
from runner.theory.style import COLOURS, finish

SHOWN = 3


class Ended(Protocol):
    @property
    def network(self) -> str: ...

    @property
    def constraint(self) -> str: ...

    @property
    def ends(self) -> Ends: ...

    @property
    def rank_S(self) -> Tensor: ...

    @property
    def covered_S(self) -> Tensor: ...

    @property
    def gated_SKF(self) -> Tensor: ...


def draw_weights(what: str, outcomes: Sequence[Ended]) -> Figure:
    figure = Figure(figsize=(11.5, 2.5 * len(outcomes)), layout="constrained")
    figure.suptitle(f"First layers where ascent ended: {what}", fontsize=11.5)
    grid = figure.subplots(len(outcomes), SHOWN + 1, squeeze=False)
    for row, outcome in zip(grid, outcomes, strict=True):
        order = np.argsort(-outcome.rank_S.numpy(), kind="stable")
        for axes, which in zip(row[:SHOWN], order, strict=False):
            weights = outcome.gated_SKF[int(which)].numpy()
            limit = float(np.abs(weights).max()) or 1.0
            axes.imshow(weights, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
            title = f"{outcome.network}, unit {outcome.constraint}s: rank {int(outcome.rank_S[which])}"
            axes.set_title(title, fontsize=9, loc="left")
            axes.tick_params(labelsize=7)
            axes.set_xlabel("input", fontsize=8)
            axes.set_ylabel("hidden unit", fontsize=8)
        for axes in row[len(order) : SHOWN]:
            axes.set_axis_off()
        last = row[SHOWN]
        most = max(int(outcome.rank_S.max()), int(outcome.covered_S.max()), 2)
        bins = np.arange(-0.5, most + 1.5)
        values = [outcome.rank_S.numpy(), outcome.covered_S.numpy()]
        last.hist(values, bins=bins, label=["rank of W1", "components covered"], color=[COLOURS[0], COLOURS[1]])
        last.set_ylim(top=1.4 * len(order))  # room for the legend above the tallest bar
        last.legend(frameon=False, fontsize=7.5)
        finish(last, "All initialisations", "", "how many")
    return figure
