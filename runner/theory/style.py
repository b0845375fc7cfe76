"""The style of the pictures of experiments: one palette, and axes without clutter."""

from matplotlib.axes import Axes

# Okabe and Ito's colours, which nearly everyone can distinguish.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#7A4FBF", "#4D4D4D")
BAD, INK, GREY = "#D55E00", "#333333", "#BDBDBD"


def finish(axes: Axes, title: str, xlabel: str, ylabel: str = "") -> None:
    axes.set_title(title, fontsize=10.5, loc="left", color=INK)
    axes.set_xlabel(xlabel, color=INK, fontsize=9.5)
    axes.set_ylabel(ylabel, color=INK, fontsize=9.5)
    axes.tick_params(labelsize=8.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]
