"""The picture of a confusion matrix: counts of true and predicted classes come in; a PNG comes out."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from alphadsl.storage import write_file

# C classes

MOST_NAMED, MOST_NUMBERED = 40, 12
"""Largest numbers of classes for which each class is named beside the picture, and each cell shows its number."""


def draw_confusion(counts: Sequence[Sequence[int]], classes: Sequence[str], path: Path) -> None:
    """Write a picture with one row per true class, which shows the predicted classes of its images in per cent."""
    counts_CC = np.array(counts, dtype=float)
    shares_CC = 100 * counts_CC / np.maximum(counts_CC.sum(axis=1, keepdims=True), 1)
    side = 2.2 + 0.42 * min(len(classes), MOST_NAMED / 3)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares_CC, cmap="Blues", vmin=0, vmax=100)
    figure.colorbar(image, label="% of the images of a class")
    axes.set_xlabel("predicted class")
    axes.set_ylabel("class")
    if len(classes) <= MOST_NAMED:
        size = 9 if len(classes) <= MOST_NUMBERED else 5
        axes.set_xticks(range(len(classes)), classes, rotation=90, fontsize=size, parse_math=False)
        axes.set_yticks(range(len(classes)), classes, fontsize=size, parse_math=False)
    if len(classes) <= MOST_NUMBERED:
        for (row, column), share in np.ndenumerate(shares_CC):
            colour = "white" if share > 60 else "#333333"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=8, color=colour)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    write_file(path, picture.getvalue())
