"""Which classes the encoder of each loss distinguishes: a section comes in; pictures of accuracies by class and of
confusions come out, or None if the probes did not count them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.comparison.drawing import LEGEND_ROW, colour, grid, mark, tell_axes
from runner.comparison.sections import Section
from runner.records.summary import FinishedRun, Group

# G groups, S seeds, C classes

Floats = NDArray[np.float64]
MOST = 25
"""Largest number of classes shown; of more, those in which the losses differ most."""
MOST_NAMED = 40


def shares_of(run: FinishedRun) -> dict[str, float]:
    """The fraction of each class that was recognised, in per cent."""
    match run.probe.get("per_class"):
        case Mapping() as shares:
            return {str(name): 100 * float(share) for name, share in shares.items() if share is not None}
        case [*shares]:
            return {str(index): 100 * float(share) for index, share in enumerate(shares) if share is not None}
        case _:
            return {}


def draw_classes(section: Section) -> Figure | None:
    """Accuracy by class: a dot for each loss, with its standard deviation over seeds."""
    counted = {index: shares for index, group in enumerate(section.groups) if (shares := _shares(group))}
    names = list(dict.fromkeys(name for shares in counted.values() for name in shares))
    if not names:
        return None
    means = {name: [np.mean(shares[name]) for shares in counted.values() if name in shares] for name in names}
    shown = sorted(names, key=lambda name: float(np.ptp(means[name])), reverse=True)[:MOST]
    shown.sort(key=names.index)
    losses = len(section.groups)
    # At least as high as the legend on the right.
    figure, (axes,) = grid(1, 1, 9, max(1.6 + max(0.3, 0.04 * losses) * len(shown), 1 + LEGEND_ROW * losses))
    for index, shares in counted.items():
        spread = np.linspace(-0.25, 0.25, losses)[index] if losses > 1 else 0.0
        rows = [row for row, name in enumerate(shown) if name in shares]
        values = [shares[shown[row]] for row in rows]
        deviations = [float(np.std(seeds, ddof=1)) if len(seeds) > 1 else 0.0 for seeds in values]
        axes.errorbar(
            [float(np.mean(seeds)) for seeds in values],
            [row + spread for row in rows],
            xerr=deviations,
            fmt=mark(index),
            ms=5,
            color=colour(index),
            elinewidth=1.2,
            label=section.groups[index].label,
        )
    axes.set_yticks(range(len(shown)), shown)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    of = "" if len(shown) == len(names) else f", the {len(shown)} of {len(names)} in which the losses differ most"
    tell_axes(axes, f"Accuracy by class{of}", f"recognised images of the class, %, {section.measured.part}")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def draw_confusions(section: Section) -> Figure | None:
    """Confusion matrices, one for each loss: predicted classes in per cent of the true class, over all seeds."""
    counted = [(group, counts) for group in section.groups if (counts := _confusion(group.runs)) is not None]
    if not counted:
        return None
    figure, panels = grid(len(counted), 3, 4.2, 3.9)
    for number, (axes, (group, counts_CC)) in enumerate(zip(panels, counted, strict=True)):
        shares_CC = 100 * counts_CC / np.maximum(counts_CC.sum(axis=1, keepdims=True), 1)
        image = axes.imshow(shares_CC, cmap="cividis", vmin=0, vmax=100, interpolation="nearest")
        image.set_gid(f"confusion{number}")  # otherwise equal pictures get equal ids
        names = list(shares_of(group.runs[0])) if len(shares_of(group.runs[0])) == len(counts_CC) else []
        if names and len(names) <= MOST_NAMED:
            axes.set_xticks(range(len(names)), names, rotation=90)
            axes.set_yticks(range(len(names)), names)
        axes.grid(visible=False)
        tell_axes(axes, group.label, "predicted class", "class")
    rows = -(-len(counted) // 3)
    figure.colorbar(image, ax=panels, label="% of the images of a class", shrink=0.8, aspect=20 * rows)
    return figure


def _shares(group: Group) -> dict[str, list[float]]:
    """The fractions of each class recognised with each seed, by class."""
    seeds = [shares_of(run) for run in group.runs]
    names = dict.fromkeys(name for shares in seeds for name in shares)
    return {name: [shares[name] for shares in seeds if name in shares] for name in names}


def _confusion(runs: Sequence[FinishedRun]) -> Floats | None:
    matrices = [_matrix(run.probe.get("confusion")) for run in runs]
    known = [counts_CC for counts_CC in matrices if counts_CC is not None]
    return None if not known or len({counts_CC.shape for counts_CC in known}) > 1 else np.sum(known, axis=0)


def _matrix(counts: Any) -> Floats | None:
    if not counts:
        return None
    counts_CC = np.asarray(counts, dtype=np.float64)
    return counts_CC if counts_CC.ndim == 2 and counts_CC.shape[0] == counts_CC.shape[1] else None
