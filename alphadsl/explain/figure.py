"""The figure of importances: losses with parameter settings come in; a matplotlib figure comes out.

The left panel shows how a row's weight is distributed over distance. The right one shows the number of equally weighted
negatives that this amounts to, by temperature; a loss without one is a horizontal line. Both use the row of `curve`,
which needs no data. Curves that coincide are drawn once, with a label that names all of them.
"""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alphadsl.explain.curve import FARTHEST, NEGATIVES, SETUP, Curve, alpha_curve
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.pretty import pretty_number
from alphadsl.journey import Journey
from alphadsl.reference.evaluate import Array
from alphadsl.storage import write_file

# Okabe and Ito's colours, which nearly everyone can distinguish, and two more.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A4FBF", "#4D4D4D")
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (6, 2, 1, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
INK, GREY = "#333333", "#777777"
TEMPERATURE = "tau"
# As a fraction of a curve's height: less than the width of a line.
UNSEEN = 2e-3
COLDEST, WARMEST, TEMPERATURES = 0.01, 10.0, 61


@dataclass(frozen=True)
class Style:
    colour: str
    dash: str | tuple[int, tuple[float, ...]]


@dataclass(frozen=True)
class Trace:
    """A curve as drawn, with dots at the requested values."""

    label: str
    style: Style
    x: Array
    y: Array
    dots: tuple[tuple[float, float], ...] = ()

    def coincides(self, other: "Trace") -> bool:
        """Whether two curves cannot be told apart by eye."""
        if self.x.shape != other.x.shape or not np.array_equal(self.x, other.x):
            return False
        return bool(
            np.allclose(self.y, other.y, rtol=0, atol=UNSEEN * float(np.nanmax(np.abs(self.y))), equal_nan=True)
        )


@dataclass(frozen=True)
class Line:
    """A loss with parameter values; `named` are those named in its label."""

    journey: Journey
    values: tuple[tuple[str, float], ...]
    named: tuple[str, ...]

    @property
    def curve(self) -> Curve:
        return alpha_curve(self.journey, dict(self.values))

    @property
    def temperature(self) -> Parameter | None:
        return next((parameter for parameter in self.journey.loss.parameters if parameter.name == TEMPERATURE), None)

    def label(self, *unnamed: str) -> str:
        named = [f"{name} = {pretty_number(value)}" for name, value in self.values if name in self.named]
        named = [setting for setting in named if setting.partition(" ")[0] not in unnamed]
        return f"{self.journey.loss.name} ({', '.join(named)})" if named else self.journey.loss.name


def draw_weights(lines: Sequence[Line]) -> Figure:
    """A figure with one panel, or two if some loss has a temperature."""
    warm = [line for line in lines if line.temperature]
    figure = Figure(figsize=(12 if warm else 6.8, 4.9), layout="constrained")
    panels = figure.subplots(1, 2 if warm else 1, squeeze=False)[0]
    _draw_shares(panels[0], lines)
    if warm:
        _draw_effective(panels[1], lines)
    figure.supxlabel(SETUP, fontsize=9, color=GREY)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure in the format given by the suffix of the path. Raises `InputError` if it cannot be written."""
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix[1:].lower(), dpi=160)
    write_file(path, picture.getvalue())


def _draw_shares(axes: Axes, lines: Sequence[Line]) -> None:
    curves = [line.curve for line in lines]
    traces = [
        Trace(line.label(), style, curve.d_C, curve.share_C)
        for line, style, curve in zip(lines, _styles(lines), curves, strict=True)
    ]
    _draw_traces(axes, traces)
    axes.axhline(1 / NEGATIVES, color=GREY, lw=0.8, zorder=0)
    axes.annotate(
        "every negative alike",
        (FARTHEST, 1 / NEGATIVES),
        (0, 3),
        textcoords="offset points",
        ha="right",
        color=GREY,
        fontsize=8,
    )
    if min(float(curve.share_C.min()) for curve in curves) < 0:
        axes.axhline(0, color=INK, lw=0.8, zorder=0)
    axes.set_xlim(0, FARTHEST)
    _finish(axes, "How hard a negative is pushed", "distance d to the negative  ($d^2 = 1 - s$)")
    axes.set_ylabel(r"share of its anchor's push, $\alpha_{ij} \,/\, \sum_k \alpha_{ik}$", color=INK)


def _draw_effective(axes: Axes, lines: Sequence[Line]) -> None:
    """One line for each setting of the other parameters, with a dot at each requested temperature."""
    traces: dict[tuple[str, tuple[tuple[str, float], ...]], Trace] = {}
    for line, style in zip(lines, _styles(lines), strict=True):
        rest = tuple((name, value) for name, value in line.values if name != TEMPERATURE)
        key = (line.journey.loss.name, rest)
        trace = traces.get(key) or _effective_trace(line, style)
        traces[key] = replace(trace, dots=(*trace.dots, *_asked(line)))
    _draw_traces(axes, list(traces.values()))
    axes.axhline(NEGATIVES, color=GREY, lw=0.8, zorder=0)
    axes.set_xscale("log")
    axes.set_ylim(0, NEGATIVES * 1.06)
    _finish(axes, "How many negatives that counts", r"temperature $\tau$")
    axes.set_ylabel(f"effective negatives of {NEGATIVES} (exp of the row's entropy)", color=INK)


def _effective_trace(line: Line, style: Style) -> Trace:
    taus = np.geomspace(COLDEST, WARMEST, TEMPERATURES)
    if line.temperature is None:
        counts = np.full(TEMPERATURES, line.curve.effective_negatives)
        return Trace(f"{line.label()}: no {TEMPERATURE}", style, taus, counts)
    inside = np.array([tau for tau in taus if float(tau) in line.temperature.interval])
    values = dict(line.values)
    counts = np.array([_effective(line.journey, values, float(tau)) for tau in inside])
    return Trace(line.label(TEMPERATURE), style, inside, counts)


def _asked(line: Line) -> Iterator[tuple[float, float]]:
    """The requested temperature of a line, and its effective number of negatives."""
    if line.temperature is not None:
        values = dict(line.values)
        yield values[TEMPERATURE], _effective(line.journey, values, values[TEMPERATURE])


def _draw_traces(axes: Axes, traces: Sequence[Trace]) -> None:
    """Draw each trace once; one that coincides with an earlier trace is named in that one's label."""
    drawn: list[list[Trace]] = []
    for trace in traces:
        alike = next((group for group in drawn if group[0].coincides(trace)), None)
        drawn += [] if alike else [[trace]]
        if alike:
            alike.append(trace)
    for first, *others in drawn:
        label = " = ".join(trace.label for trace in (first, *others))
        axes.plot(first.x, first.y, label=label, color=first.style.colour, ls=first.style.dash, lw=2)
        for dot in dict.fromkeys(dot for trace in (first, *others) for dot in trace.dots):
            axes.plot(*dot, "o", color=first.style.colour, mec="white", ms=8, zorder=3)
    axes.legend(frameon=False, fontsize=9)


def _effective(journey: Journey, values: Mapping[str, float], tau: float) -> float:
    return alpha_curve(journey, {**values, TEMPERATURE: tau}).effective_negatives


def _finish(axes: Axes, title: str, xlabel: str) -> None:
    axes.set_title(title, fontsize=12, loc="left", color=INK)
    axes.set_xlabel(xlabel, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def _styles(lines: Sequence[Line]) -> list[Style]:
    """A colour for each loss and a line style for each of its settings; if there is only one loss, a colour for each
    setting."""
    names = list(dict.fromkeys(line.journey.loss.name for line in lines))
    if len(names) == 1:
        return [Style(COLOURS[index % len(COLOURS)], DASHES[0]) for index in range(len(lines))]
    seen: Counter[str] = Counter()
    styles = []
    for line in lines:
        name = line.journey.loss.name
        styles.append(Style(COLOURS[names.index(name) % len(COLOURS)], DASHES[seen[name] % len(DASHES)]))
        seen[name] += 1
    return styles
