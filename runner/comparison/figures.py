"""The figures of a comparison: a section and its contrasts come in; figures come out, or None if nothing was measured.

Bands and bars are one standard deviation over seeds, unless a figure says that they are intervals.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.comparison.contrasts import Contrast
from runner.comparison.curves import Clock, band_of, names_of
from runner.comparison.drawing import INK, LINE, PALE, add_legend, colour, draw_band, fold, grid, mark, tell_axes
from runner.comparison.sections import MEASURES, TEST, Section, spread_of
from runner.records.summary import Group, Spread

CLOCKS: tuple[Clock, ...] = ("epoch", "second")
AXIS_OF = {"epoch": "epoch", "second": "training time, s"}
WORDS = {
    "alpha/entropy": "entropy of alpha, nats",
    "alpha/effective_negatives": "effective negatives, number",
    "alpha/beta": "beta, weight",
    "features/alignment": "alignment, squared distance",
    "features/uniformity": "uniformity, log potential",
    "features/effective_rank": "effective rank, dimensions",
    "knn": "kNN accuracy, %",
}


def draw_probes(axes: Axes, section: Section) -> None:
    """Each loss above its untrained encoder; the first group is on top."""
    for index, group in enumerate(section.groups):
        first = index == 0
        measure = MEASURES[section.measured.part]
        last, before = spread_of(group, *measure), spread_of(group, "untrained", *measure)
        best = spread_of(group, "test", "linear_best") if section.measured.part == TEST else None
        _draw_bar(axes, index - 0.14, 0.46, last, colour(index), INK)
        _draw_bar(axes, index + 0.3, 0.2, before, LINE, PALE, "untrained encoder" if first else None)
        if best is not None:
            axes.plot(best.mean, index - 0.3, "D", ms=4.5, mfc="white", mec=INK, label="best epoch" if first else None)
    axes.set_yticks(range(len(section.groups)), [fold(group.label) for group in section.groups])
    # With a single loss, leave room, so that it gets a bar and not a block.
    axes.set_ylim(max(len(section.groups), 2) - 0.4, -0.6)
    axes.set_xlim(0, min(120, 1.28 * max(1.0, axes.dataLim.xmax)))
    axes.set_xticks([tick for tick in range(0, 101, 20) if tick <= axes.get_xlim()[1]])
    part = "the test set" if section.measured.part == TEST else section.measured.part
    tell_axes(axes, "Linear probe after pretraining", f"top-1 accuracy on {part}, %")
    axes.grid(visible=False, axis="y")


def _draw_bar(
    axes: Axes, at: float, height: float, spread: Spread | None, fill: str, ink: str, label: str | None = None
) -> None:
    if spread is None:
        return
    axes.barh(at, spread.mean, height, color=fill, label=label)
    axes.errorbar(spread.mean, at, xerr=spread.deviation, color=INK, capsize=2 + 4 * height, linewidth=1 + height)
    edge = (spread.mean + (spread.deviation or 0), at)
    axes.annotate(f"{spread:.1f}", edge, (7, 0), textcoords="offset points", va="center", color=ink)


def draw_contrasts(contrasts: Sequence[Contrast], order: Sequence[Group]) -> Figure | None:
    """Differences to the baseline: a dot for each seed, and the mean with its 95 % interval."""
    if not contrasts:
        return None
    figure, (axes,) = grid(1, 1, 7.5, 1.5 + 0.45 * len(contrasts))
    axes.axvline(0, color=INK, linewidth=1)
    for row, contrast in enumerate(contrasts):
        index, comparison = order.index(contrast.loss), contrast.comparison
        axes.plot(comparison.differences, np.full(comparison.seeds, row + 0.18), "o", ms=4, color=PALE, alpha=0.7)
        if comparison.interval is not None:
            span = [comparison.interval.low, comparison.interval.high]
            axes.plot(span, [row, row], color=colour(index), linewidth=3, solid_capstyle="round")
        axes.plot(comparison.mean, row, mark(index), ms=8, color=colour(index))
    axes.set_yticks(range(len(contrasts)), [fold(contrast.loss.label) for contrast in contrasts])
    axes.set_ylim(len(contrasts) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    name = contrasts[0].baseline.label
    tell_axes(axes, f"Difference to {name}, by seed", f"percentage points above {name}; line: 95 % BCa interval")
    return figure


def draw_overview(section: Section) -> Figure:
    """The linear probe, and nearest-neighbour accuracy during training by epoch and by second."""
    height = max(3.2, 1.2 + 0.62 * len(section.groups))
    clocks = CLOCKS if names_of(section.groups, "knn") else ()
    figure, (probes, *curves) = grid(1 + len(clocks), 3, 4.4, height)
    draw_probes(probes, section)
    for axes, clock in zip(curves, clocks, strict=True):
        draw_curves(axes, section, "knn", clock, scale=100)
        axes.set_title("Nearest neighbours during pretraining")
        axes.set_ylabel("top-1 accuracy on validation, %")
    add_legend(figure, [*curves, probes])
    return figure


def draw_losses(section: Section) -> Figure:
    """The pretraining loss of each group on its own scale, since values of different losses cannot be compared."""
    figure, panels = grid(2 * len(section.groups), 4, 3.3, 2.3)
    for number, axes in enumerate(panels):
        index, clock = number // 2, CLOCKS[number % 2]
        band = band_of(section.groups[index], "loss", clock)
        if band is not None:
            draw_band(axes, band, index, section.groups[index].label)
        tell_axes(axes, f"Loss of {section.groups[index].label}", AXIS_OF[clock], "loss" if number % 4 == 0 else "")
        _tidy(axes, clock)
    return figure


def draw_statistics(section: Section, prefix: str) -> Figure | None:
    """Everything measured each epoch whose name begins with `prefix`, one panel each."""
    names = names_of(section.groups, prefix)
    if not names:
        return None
    figure, panels = grid(len(names), 3, 4.4, 2.7)
    for axes, name in zip(panels, names, strict=True):
        draw_curves(axes, section, name, "epoch")
    add_legend(figure, panels)
    return figure


def draw_curves(axes: Axes, section: Section, name: str, clock: Clock, scale: float = 1.0) -> None:
    for index, group in enumerate(section.groups):
        band = band_of(group, name, clock, scale)
        if band is not None:
            draw_band(axes, band, index, group.label, len(section.groups))
    words = WORDS.get(name, name.partition("/")[2] or name)
    title, _, unit = words.partition(", ")
    tell_axes(axes, title, AXIS_OF[clock], unit or title)
    _tidy(axes, clock)


def _tidy(axes: Axes, clock: Clock) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=clock == "epoch", min_n_ticks=1))
    axes.ticklabel_format(style="plain", axis="x")
