"""The picture of a comparison: groups of runs come in, one PNG and one self-contained HTML page come out.

Bars with error bars for the linear probe beside that of the untrained encoder, nearest-neighbour accuracy by epoch, and
the pretraining loss of each group on its own scale, because two losses cannot be compared by their values.
"""

import base64
import html
import io
import statistics
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import MaxNLocator

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder, read_file, write_file
from runner.records.metrics import Curve
from runner.records.summary import (
    COLUMNS,
    Group,
    Spread,
    describe_setting,
    linear_best,
    linear_last,
    untrained,
    untrained_validated,
    validated,
)

# Okabe and Ito's colours, told apart by nearly every eye; a figure of more groups begins again.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A4FBF", "#4D4D4D")
INK, GREY_INK, GREY = "#333333", "#777777", "#BDBDBD"
LOSSES_PER_ROW = 3
LOSS_POINTS = 80
DRAWN_BY = "alphadsl compare"
"""What our figures carry, so that no other file is replaced unasked."""
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem .9rem;border-bottom:1px solid #ddd;"
    "text-align:right}td:first-child,th:first-child{text-align:left}img{max-width:100%}"
)


def write_figures(groups: Sequence[Group], stem: Path) -> tuple[Path, Path]:
    """Draw STEM.png and STEM.html."""
    make_folder(stem.parent)
    picture = io.BytesIO()
    draw_comparison(groups).savefig(picture, format="png", dpi=160, metadata={"Software": DRAWN_BY})
    png, page = figure_paths(stem)
    write_file(png, picture.getvalue())
    write_file(page, make_page(groups, picture.getvalue()).encode())
    return png, page


def figure_paths(stem: Path) -> tuple[Path, Path]:
    return stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.html")


def check_replaceable(stem: Path) -> None:
    """Whether figures that nobody named may be written. Raises `InputError` where a file of another's is in the way."""
    for path in figure_paths(stem):
        if path.exists() and not (path.is_file() and DRAWN_BY.encode() in read_file(path)):
            raise InputError(f"{path} was not drawn by alphadsl compare, and would be lost.", "Move it away.")


def draw_comparison(groups: Sequence[Group]) -> Figure:
    columns = min(LOSSES_PER_ROW, len(groups))
    rows = -(-len(groups) // columns)
    top = max(3.4, 1.2 + 0.62 * len(groups))
    figure = Figure(figsize=(11, top + 2.4 * rows + 0.5), layout="constrained")
    figure.suptitle(describe_setting(groups), fontsize=13, fontweight="bold", color=INK)
    grid = GridSpec(1 + rows, 2 * columns, figure=figure, height_ratios=[top, *[2.4] * rows])
    _draw_probes(figure.add_subplot(grid[0, :columns]), groups)
    _draw_neighbours(figure.add_subplot(grid[0, columns:]), groups)
    for index, group in enumerate(groups):
        row, column = divmod(index, columns)
        _draw_loss(figure.add_subplot(grid[1 + row, 2 * column : 2 * column + 2]), group, _colour(index))
    return figure


def _draw_probes(axes: Axes, groups: Sequence[Group]) -> None:
    """Each loss over its untrained encoder, the first on top: on the test set, or where that is sealed for one, on
    validation images."""
    sealed = any(linear_last(group) is None for group in groups)
    for index, group in enumerate(groups):
        measured, before = (validated, untrained_validated) if sealed else (linear_last, untrained)
        _draw_bar(axes, index - 0.12, 0.5, measured(group), _colour(index), INK)
        _draw_bar(axes, index + 0.25, 0.2, before(group), GREY, GREY_INK, None if index else "untrained encoder")
        best = linear_best(group)
        if best is not None and not sealed:
            label = None if index else "best epoch"
            axes.plot(best.mean, index - 0.3, "D", ms=4.5, mfc="white", mec=INK, label=label)
    axes.set_yticks(range(len(groups)), [_fold(group.label) for group in groups])
    # A single loss gets a bar, not a block.
    axes.set_ylim(max(len(groups), 2) - 0.4, -0.6)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlim(0, min(120, 1.28 * max([axes.dataLim.xmax, 1])))
    part = "held-out training images" if sealed else "the test set"
    _finish(axes, "Linear probe after pretraining", f"top-1 accuracy on {part}, %")
    axes.grid(visible=False, axis="y")
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _draw_bar(
    axes: Axes, at: float, height: float, spread: Spread | None, colour: str, ink: str, label: str | None = None
) -> None:
    """A mean with its deviation and its number; nothing of what was not measured."""
    if spread is None:
        return
    axes.barh(at, spread.mean, height, color=colour, label=label)
    axes.errorbar(spread.mean, at, xerr=spread.deviation, color=INK, capsize=2 + 4 * height, linewidth=1 + height)
    edge = (spread.mean + (spread.deviation or 0), at)
    size = 10 if ink == INK else 9
    axes.annotate(f"{spread:.1f}", edge, (7, 0), textcoords="offset points", va="center", color=ink, fontsize=size)


def _draw_neighbours(axes: Axes, groups: Sequence[Group]) -> None:
    for index, group in enumerate(groups):
        curves = _aligned([_by_epoch(run.knn, run.epoch_steps, scale=100) for run in group.runs])
        _draw_band(axes, curves, _colour(index), group.label)
    _finish(axes, "Nearest neighbours during pretraining", "epoch")
    axes.set_ylabel("kNN accuracy, %", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=9)


def _draw_loss(axes: Axes, group: Group, colour: str) -> None:
    curves = [_thin_out(curve) for curve in _aligned([_by_epoch(run.loss, run.epoch_steps, 1) for run in group.runs])]
    _draw_band(axes, curves, colour, group.label)
    _finish(axes, f"Loss: {group.label}", "epoch")


def _draw_band(axes: Axes, curves: Sequence[Curve], colour: str, label: str) -> None:
    """The mean over seeds with one standard deviation to either side."""
    together = list(zip(*(curve.values for curve in curves), strict=True))
    at = curves[0].at
    mean = [statistics.mean(values) for values in together]
    deviation = [statistics.stdev(values) if len(values) > 1 else 0.0 for values in together]
    low = [centre - spread for centre, spread in zip(mean, deviation, strict=True)]
    high = [centre + spread for centre, spread in zip(mean, deviation, strict=True)]
    axes.plot(at, mean, color=colour, linewidth=1.8, label=label, marker="o" if len(at) < 12 else None, ms=4)
    axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)


def _finish(axes: Axes, title: str, xlabel: str) -> None:
    axes.set_title(title, fontsize=11, loc="left", color=INK)
    axes.set_xlabel(xlabel, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def _by_epoch(curve: Curve, epoch_steps: int, scale: float) -> Curve:
    return Curve(tuple(step / epoch_steps for step in curve.at), tuple(scale * value for value in curve.values))


def _aligned(curves: Sequence[Curve]) -> list[Curve]:
    """The curves where all seeds have a value: one may have got less far, or have lost measurements."""
    shared = set(curves[0].at).intersection(*(curve.at for curve in curves))
    points = [[point for point in zip(curve.at, curve.values, strict=True) if point[0] in shared] for curve in curves]
    return [Curve(tuple(at for at, _ in curve), tuple(value for _, value in curve)) for curve in points]


def _thin_out(curve: Curve) -> Curve:
    """Means over stretches of a long curve, so that noise of single batches does not hide its course."""
    stretch = max(1, -(-len(curve.at) // LOSS_POINTS))
    chunks = [slice(start, start + stretch) for start in range(0, len(curve.at), stretch)]
    return Curve(
        tuple(statistics.mean(curve.at[chunk]) for chunk in chunks),
        tuple(statistics.mean(curve.values[chunk]) for chunk in chunks),
    )


def _fold(label: str) -> str:
    return label.replace(" (", "\n(", 1)


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def make_page(groups: Sequence[Group], png: bytes) -> str:
    """The table and the picture as one HTML file that needs no network."""
    title = html.escape(describe_setting(groups))
    head = "".join(f"<th>{html.escape(name)}</th>" for name, _ in COLUMNS)
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell(group))}</td>' for _, cell in COLUMNS)}</tr>" for group in groups
    )
    picture = base64.b64encode(png).decode()
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="generator" content="{DRAWN_BY}">'
        f"<title>{title}</title><style>{STYLE}</style>"
        f"<h1>{title}</h1><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        "<p>Top-1 accuracy, mean ± standard deviation over seeds; on the test set unless it says validation, which is "
        "the part of the training set that choices are made on. The linear probe is that of its last epoch; the best "
        "epoch is chosen on validation images, or on the test set by --select test, as the paper does.</p>"
        f'<img alt="Linear probes, nearest neighbours and losses" src="data:image/png;base64,{picture}"></html>\n'
    )
