"""The genealogy and the front of a search as one picture: candidates come in; SVG text comes out."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.discovery.front import pareto
from runner.discovery.log import Candidate, shown_rung

FOUND, CONTROL, LINE, TEXT, BEST = "#0072b2", "#d55e00", "#8c959f", "#7d8590", "#009e73"
AHEAD: Mapping[str, Any] = {"color": BEST, "linewidth": 1.2, "alpha": 0.8, "zorder": 2}
ASIDE: Mapping[str, Any] = {"color": LINE, "linewidth": 0.6, "alpha": 0.4, "zorder": 1}
"""Lines of descent: those that led to the front, and the others."""
APART = 0.035
"""Smallest distance between names, as a fraction of the height."""
NAMED = 12
"""Number of candidates of the front that are named, the best ones."""


def draw_search(candidates: Sequence[Candidate], rung: str) -> str:
    """The picture, readable on white and on black. On the left every candidate, placed by its number and its score at a
    rung, with lines from its nearest ancestors trained at that rung, bold if they led to the front. On the right the
    score against the size, and the front."""
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    figure.patch.set_alpha(0)
    tree, sizes = figure.subplots(1, 2, width_ratios=(2, 1), sharey=True)
    by_name = {candidate.name: candidate for candidate in candidates}
    scores = {candidate.name: 100 * score for candidate in candidates if (score := candidate.score(rung)) is not None}
    scored = [candidate for candidate in candidates if candidate.name in scores]
    front = pareto(scored, rung)
    ancestors = {candidate.name: [*_ancestors(candidate, by_name, scores)] for candidate in scored}
    descent = _descent([candidate.name for candidate in front], ancestors)
    for name, of in ancestors.items():
        style = AHEAD if name in descent else ASIDE
        for ancestor in of:
            x = (by_name[ancestor].bred.number, by_name[name].bred.number)
            tree.plot(x, (scores[ancestor], scores[name]), **style)
    _draw_points(tree, scored, front, [(candidate.bred.number, scores[candidate.name]) for candidate in scored])
    _draw_points(sizes, scored, front, [(candidate.bred.size, scores[candidate.name]) for candidate in scored])
    controls = [candidate for candidate in scored if candidate.bred.control]
    _write_names(tree, controls, scores, -1)
    _write_names(tree, [candidate for candidate in front[-NAMED:] if not candidate.bred.control], scores, 1)
    last = max((candidate.bred.number for candidate in scored), default=1)
    tree.set(xlabel="candidate, in the order of breeding", xlim=(-0.16 * last - 1, 1.1 * last + 1))
    tree.set(ylabel=f"validation accuracy at {shown_rung(rung)}, %")
    sizes.set(xlabel="size: nodes and parameters")
    for axes in (tree, sizes):
        _make_readable(axes)
    tree.set_xticks([tick for tick in tree.get_xticks() if 0 <= tick <= 1.1 * last])
    figure.legend(
        *tree.get_legend_handles_labels(),
        loc="outside upper right",
        ncols=3,
        frameon=False,
        labelcolor=TEXT,
        fontsize=8,
    )
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _ancestors(candidate: Candidate, by_name: Mapping[str, Candidate], scores: Mapping[str, float]) -> Iterator[str]:
    """The nearest ancestors with a score, along each line of descent."""
    pending, seen = list(candidate.bred.parents), set[str]()
    while pending:
        name = pending.pop()
        if name in seen or name not in by_name:
            continue
        seen.add(name)
        if name in scores:
            yield name
        else:
            pending += by_name[name].bred.parents


def _descent(names: Sequence[str], ancestors: Mapping[str, Sequence[str]]) -> set[str]:
    """The named losses and all of their ancestors."""
    pending, reached = [*names], set[str]()
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += ancestors[name]
    return reached


def _draw_points(
    axes: Axes, scored: Sequence[Candidate], front: Sequence[Candidate], points: Sequence[tuple[float, float]]
) -> None:
    best = {candidate.name for candidate in front}
    bred_points = [point for candidate, point in zip(scored, points, strict=True) if not candidate.bred.control]
    control = [point for candidate, point in zip(scored, points, strict=True) if candidate.bred.control]
    ahead = [point for candidate, point in zip(scored, points, strict=True) if candidate.name in best]
    axes.scatter(*_columns(bred_points), s=14, color=FOUND, alpha=0.8, zorder=3, label="found")
    axes.scatter(*_columns(control), s=20, color=CONTROL, zorder=3, label="starting losses and null control")
    axes.scatter(*_columns(ahead), s=64, facecolors="none", edgecolors=BEST, linewidths=1.6, zorder=3, label="front")


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _write_names(axes: Axes, named: Sequence[Candidate], scores: Mapping[str, float], side: int) -> None:
    """Write names beside the points, moved up where two would overlap."""
    bottom, top = axes.get_ylim()
    gap, last = APART * (top - bottom), float("-inf")
    for candidate in sorted(named, key=lambda candidate: scores[candidate.name]):
        last = max(scores[candidate.name], last + gap)
        axes.set_ylim(top=max(axes.get_ylim()[1], last + gap))
        axes.annotate(
            candidate.name,
            (candidate.bred.number, last),
            xytext=(7 * side, 0),
            textcoords="offset points",
            va="center",
            ha="left" if side > 0 else "right",
            fontsize=8,
            color=TEXT,
        )


def _make_readable(axes: Axes) -> None:
    axes.patch.set_alpha(0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(colors=TEXT)
    axes.xaxis.label.set_color(TEXT)
    axes.yaxis.label.set_color(TEXT)
    for spine in axes.spines.values():
        spine.set_color(LINE)
