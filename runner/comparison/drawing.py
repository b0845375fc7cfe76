"""The style of figures, and how they become part of a page: a matplotlib figure comes in; SVG text comes out that uses
the colours of the page, so that one picture works in light and dark.
"""

import io
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.comparison.curves import Band

# Okabe and Ito's colours, which nearly everyone can distinguish; beyond eight, the line style changes too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900", "#56B4E9", "#7A4FBF", "#4D4D4D")
DARK_COLOURS = ("#58B0F0", "#FF8A3D", "#2FD0A0", "#E39AC6", "#E6B422", "#8FD0F7", "#B08CF0", "#C0C0C0")
"""The same colours for a dark background."""
DASHES = ("-", "--", ":", "-.")
MARKS = ("o", "s", "^", "D")
LEGEND_COLUMN, LEGEND_ROW = 2.2, 0.19
"""Inches of the legend that a name takes."""
PIXELS = 96
"""Pixels on a page per inch of a figure."""
INK, PALE, LINE = "#333333", "#777777", "#BDBDBD"
DARK_INK, DARK_PALE, DARK_LINE = "#E6EDF3", "#9AA4AE", "#4A525B"

STYLE: dict[Any, Any] = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor", "axes.edgecolor"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
    **{"grid.color": LINE, "grid.linewidth": 0.6, "axes.grid": True, "axes.axisbelow": True},
    **{"axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left", "axes.titlesize": 10.5},
    **{"font.size": 9.5, "xtick.labelsize": 8.5, "ytick.labelsize": 8.5, "legend.frameon": False},
    **{"legend.fontsize": 8.5, "svg.fonttype": "none", "text.parse_math": False, "axes.formatter.use_mathtext": False},
}


@contextmanager
def styled() -> Iterator[None]:
    """Give everything drawn and saved inside the block our style."""
    with mpl.rc_context(STYLE):
        yield


def colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def dashes(index: int) -> str:
    return DASHES[index // len(COLOURS) % len(DASHES)]


def mark(index: int) -> str:
    return MARKS[index // len(COLOURS) % len(MARKS)]


def draw_band(axes: Axes, band: Band, index: int, label: str, among: int = 1) -> None:
    """The band of one of `among` losses in a panel: of many, each is paler, so that all lines show."""
    few = len(band.at_P) < 12
    axes.plot(
        band.at_P,
        band.mean_P,
        color=colour(index),
        linestyle=dashes(index),
        linewidth=1.8,
        label=label,
        marker=mark(index) if few else None,
        ms=4,
    )
    if band.deviation_P.any():
        alpha = 0.18 * min(1, len(COLOURS) / among)
        axes.fill_between(band.at_P, band.low_P, band.high_P, color=colour(index), alpha=alpha, linewidth=0)


def tell_axes(axes: Axes, title: str, xlabel: str, ylabel: str = "") -> None:
    axes.set_title(title)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)


def fold(label: str) -> str:
    """A name, with the part that distinguishes it from others on a line of its own."""
    return label.replace(" (", "\n(", 1)


def grid(panels: int, columns: int, width: float, height: float) -> tuple[Figure, Sequence[Axes]]:
    """A figure of `panels` panels, at most `columns` side by side, each `width` by `height` inches."""
    columns = min(columns, panels)
    rows = -(-panels // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = list(itertools.chain.from_iterable(figure.subplots(rows, columns, squeeze=False)))
    for spare in axes[panels:]:
        spare.set_axis_off()
    return figure, axes[:panels]


def add_legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """One legend below all panels, with everything that any of them shows. The figure grows by its height."""
    keys = [axes.get_legend_handles_labels() for axes in panels]
    handles = {label: handle for shown in keys for handle, label in zip(*shown, strict=True)}
    width, height = figure.get_size_inches()
    columns = max(1, int(width / LEGEND_COLUMN))
    figure.set_figheight(height + LEGEND_ROW * max(0, -(-len(handles) // columns) - 1))
    figure.legend([*handles.values()], [*handles], loc="outside lower center", ncols=columns, markerscale=1.5)


def to_svg(figure: Figure, name: str, about: str) -> str:
    """A figure as inline SVG. `name` keeps its ids distinct from those of other figures; `about` is its alternative
    text."""
    text = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.hashsalt": name, "svg.id": name}):
        figure.savefig(text, format="svg", transparent=True, metadata=metadata)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'((?:xlink:)?href)="#([^"]+)"', rf'\1="#{name}-\2"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    for variable, value in _variables(COLOURS, INK, PALE, LINE).items():
        svg = re.sub(re.escape(value), f"var({variable})", svg, flags=re.IGNORECASE)
    width = round(PIXELS * figure.get_figwidth())
    return svg.replace("<svg ", f'<svg role="img" aria-label="{about}" style="width:{width}px" ', 1).strip()


def variables(dark: bool) -> str:
    """The colours of a page as CSS custom properties."""
    named = _variables(DARK_COLOURS, DARK_INK, DARK_PALE, DARK_LINE) if dark else _variables(COLOURS, INK, PALE, LINE)
    return "".join(f"{name}:{value};" for name, value in named.items())


def _variables(colours: Sequence[str], ink: str, pale: str, line: str) -> dict[str, str]:
    return {f"--c{index}": value for index, value in enumerate(colours)} | {
        "--ink": ink,
        "--pale": pale,
        "--line": line,
    }
