"""The picture of a comparison: time of a step and peak memory over the number of anchors, for each loss.

Both axes are logarithmic. Every line is labelled at its end, with the ratio of its time to ours. With only one number
of anchors, contenders are bars.
"""

import io
import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from alphadsl.bench.session import Comparison, weighed
from alphadsl.bench.task import Rival
from alphadsl.bench.titles import is_rival, title_of
from alphadsl.storage import write_file

# Okabe and Ito's colours, which nearly everyone can distinguish.
OURS = ("#0072B2", "#56B4E9", "#7A4FBF")
RIVALS = {
    Rival.plain: "#E69F00",
    Rival.compiled: "#D55E00",
    Rival.lightly: "#009E73",
    Rival.metric_learning: "#CC79A7",
    Rival.products: "#777777",
}
INK, GREY = "#333333", "#777777"
APART = 0.065
# Largest number of losses drawn below each other, and the number of panels side by side in a grid of more.
FEW, ACROSS = 3, 4
# Multiples of powers of ten at which there are ticks, by the smallest number of decades of the axis.
SUBS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (3.0, (1,)),
    (1.3, (1, 2, 5)),
    (0.7, (1, 1.5, 2, 3, 5, 7)),
    (0.3, (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)),
    (0.1, tuple(tenths / 10 for tenths in range(10, 100, 2))),
    (0.02, tuple(hundredths / 100 for hundredths in range(100, 1000, 5))),
    (0.0, tuple(thousandths / 1000 for thousandths in range(1000, 10000, 5))),
)
Line = tuple[str, list[int], list[float]]


def draw_comparisons(comparisons: Sequence[Comparison]) -> Figure:
    """One panel for each loss, or two if memory was measured; a few losses below each other, many in a grid."""
    groups = [list(group) for _, group in groupby(comparisons, key=lambda comparison: comparison.spec)]
    measured = weighed(comparisons)
    per_loss = 2 if measured else 1
    columns = per_loss if len(groups) <= FEW else ACROSS
    rows = -(-per_loss * len(groups) // columns)
    figure = Figure(figsize=(6.6 * columns, 4.4 * rows), layout="constrained")
    panels = iter(figure.subplots(rows, columns, squeeze=False).flat)
    for sizes in groups:
        _draw(next(panels), _times(sizes), f"{sizes[0].spec}: time of a step", _milliseconds, _ratios(sizes[-1]))
        if measured:
            _draw(next(panels), _peaks(sizes), "peak extra memory", _megabytes, {})
    for left_over in panels:
        left_over.set_axis_off()
    figure.supxlabel(comparisons[0].conditions, fontsize=8, color=GREY)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure in the format given by the suffix of the path. Raises `InputError` if it cannot be written."""
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix[1:].lower(), dpi=160)
    write_file(path, picture.getvalue())


def _times(sizes: list[Comparison]) -> list[Line]:
    return [
        _line(name, [(size.anchors, size.figures[place].seconds) for size in sizes])
        for place, name in enumerate(_names(sizes))
    ]


def _peaks(sizes: list[Comparison]) -> list[Line]:
    return [
        _line(name, [(size.anchors, size.figures[place].peak) for size in sizes])
        for place, name in enumerate(_names(sizes))
    ]


def _names(sizes: list[Comparison]) -> list[str]:
    return [figures.contender for figures in sizes[0].figures]


def _line(name: str, points: Sequence[tuple[int, float | None]]) -> Line:
    """A line with the points that a logarithmic axis can show."""
    shown = [(anchors, value) for anchors, value in points if value]
    return name, [anchors for anchors, _ in shown], [value for _, value in shown]


def _ratios(largest: Comparison) -> dict[str, str]:
    """The ratio of the time of each other contender to that of the first, at the largest size."""
    ratios = {figures.contender: largest.ratio(figures) for figures in largest.figures[1:]}
    return {name: f"  ×{ratio:.2g}" for name, ratio in ratios.items() if ratio is not None}


def _draw(axes: Axes, lines: list[Line], title: str, unit: FuncFormatter, remarks: dict[str, str]) -> None:
    lines = [line for line in lines if line[1]]
    sizes = sorted({size for _, anchors, _ in lines for size in anchors})
    ours = [name for name, *_ in lines if not is_rival(name)]
    if len(sizes) > 1:
        _draw_lines(axes, lines, ours, remarks)
        _finish(axes, sizes, title, unit)
        _name_lines(axes, lines, ours, remarks)
    else:
        _draw_bars(axes, lines, ours, remarks, unit)
        _label(axes, title + "".join(f", A = {size:,}" for size in sizes))


def _draw_bars(axes: Axes, lines: list[Line], ours: list[str], remarks: dict[str, str], unit: FuncFormatter) -> None:
    """The first contender on top; bars start at zero, so that their lengths can be compared."""
    names = [title_of(name) for name, *_ in lines]
    lengths = [values[-1] for *_, values in lines]
    bars = axes.barh(names, lengths, color=[_colour(name, ours) for name, *_ in lines], height=0.62)
    axes.bar_label(bars, [f" {unit(values[-1])}{remarks.get(name, '')}" for name, _, values in lines])
    axes.invert_yaxis()
    axes.margins(x=0.3)
    axes.xaxis.set_major_formatter(unit)
    axes.tick_params(axis="y", length=0)


def _draw_lines(axes: Axes, lines: list[Line], ours: list[str], remarks: dict[str, str]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    for name, anchors, values in lines:
        first = name in ours[:1]
        axes.plot(
            anchors,
            values,
            color=_colour(name, ours),
            lw=2.8 if first else 1.6,
            ls=(0, (4, 2)) if name == Rival.products else "-",
            marker="o",
            ms=7 if first else 4.5,
            mec="white",
            zorder=4 if first else 3,
            clip_on=False,
        )


def _colour(name: str, ours: list[str]) -> str:
    return RIVALS[Rival(name)] if is_rival(name) else OURS[ours.index(name) % len(OURS)]


def _name_lines(axes: Axes, lines: list[Line], ours: list[str], remarks: dict[str, str]) -> None:
    """Label each line where it ends: to the right of the panel, spread so that labels do not overlap, or at its last
    point."""
    largest = max((anchors[-1] for _, anchors, _ in lines), default=0)
    to_axes = axes.transAxes.inverted()
    ending = sorted((line for line in lines if line[1][-1] == largest), key=lambda line: line[2][-1])
    ends = [to_axes.transform(axes.transData.transform((largest, values[-1])))[1] for _, _, values in ending]
    places = dict(zip((name for name, *_ in ending), _spread(ends), strict=True))
    for name, anchors, values in lines:
        beside = name in places
        axes.annotate(
            title_of(name) + remarks.get(name, ""),
            (1.03, places[name]) if beside else (anchors[-1], values[-1]),
            (0, 0) if beside else (7, 0),
            xycoords="axes fraction" if beside else "data",
            textcoords="offset points",
            color=_colour(name, ours),
            fontsize=9,
            fontweight="bold" if name in ours[:1] else "normal",
            va="center",
        )


def _spread(heights: Sequence[float]) -> list[float]:
    """Ascending heights moved up until they no longer overlap, and then down again from the top of the panel."""
    up: list[float] = []
    for height in heights:
        up.append(max(height, up[-1] + APART) if up else height)
    down: list[float] = []
    for height in reversed(up):
        down.append(min(height, down[-1] - APART) if down else min(height, 1.0))
    return down[::-1]


def _finish(axes: Axes, anchors: list[int], title: str, unit: FuncFormatter) -> None:
    axes.set_xlabel("anchors A", color=INK)
    axes.set_xticks(anchors, [f"{size:,}" for size in anchors])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(_ticks(*axes.get_ylim()))
    axes.yaxis.set_major_formatter(unit)
    axes.yaxis.set_minor_formatter(NullFormatter())
    _label(axes, title)


def _label(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=12, loc="left", color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def _ticks(low: float, high: float) -> LogLocator:
    """Ticks at powers of ten, with more numbers in between if there are fewer decades; always at least three."""
    decades = math.log10(high / low)
    subs = next((subs for least, subs in SUBS if decades >= least), SUBS[-1][1])
    return LogLocator(subs=subs, numticks=99)


def _in_units(sizes: tuple[tuple[float, str], ...]) -> FuncFormatter:
    def written(value: float, _: object) -> str:
        if value == 0:
            return "0"
        size, unit = next((size for size in sizes if value >= size[0]), sizes[-1])
        return f"{value / size:.3g} {unit}"

    return FuncFormatter(written)


_milliseconds = _in_units(((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")))
_megabytes = _in_units(((1e9, "GB"), (1e6, "MB"), (1e3, "kB")))
