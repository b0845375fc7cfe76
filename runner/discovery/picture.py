"""The genealogy and the front of a search as one picture: candidates come in, SVG text comes out."""

import io
from collections.abc import Sequence

from matplotlib.figure import Figure

from runner.discovery.front import pareto
from runner.discovery.log import Candidate
from runner.discovery.search import NULL

FOUND, CONTROL, LINE, BEST = "#0072b2", "#d55e00", "#8c959f", "#009e73"


def draw_search(candidates: Sequence[Candidate], rung: str) -> str:
    """Left, every candidate where it was bred and what it scored on a rung, with lines from its parents; right, score
    against size, and the front. Text and lines are readable on white and on black."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    figure.patch.set_alpha(0)
    tree, sizes = figure.subplots(1, 2, width_ratios=(2, 1), sharey=True)
    scores = {one.name: score for one in candidates if (score := one.score(rung)) is not None}
    scored = [one for one in candidates if one.name in scores]
    by_name = {one.name: one for one in scored}
    for one in scored:
        for parent in one.bred.parents:
            if parent in by_name:
                x = (by_name[parent].bred.number, one.bred.number)
                tree.plot(x, (100 * scores[parent], 100 * scores[one.name]), color=LINE, linewidth=0.6, alpha=0.6)
    front = {one.name for one in pareto([one for one in scored if one.name != NULL], rung)}
    groups = (
        (FOUND, "found", [one for one in scored if not one.bred.control]),
        (CONTROL, "started from, and the null control", [one for one in scored if one.bred.control]),
        (BEST, "front", [one for one in scored if one.name in front]),
    )
    for axes, place in ((tree, _number), (sizes, _size)):
        for colour, label, group in groups:
            axes.scatter(
                [place(one) for one in group],
                [100 * scores[one.name] for one in group],
                **{"s": 60, "facecolors": "none", "linewidths": 1.6} if colour == BEST else {"s": 16},
                edgecolors=colour,
                color=None if colour == BEST else colour,
                label=label,
                zorder=3,
            )
    for one in scored:
        if one.bred.control or one.name in front:
            tree.annotate(
                one.name,
                (one.bred.number, 100 * scores[one.name]),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=7,
                color=LINE,
            )
    tree.set(xlabel="candidate, in the order in which it was bred", ylabel=f"validation accuracy at {rung}, %")
    sizes.set(xlabel="size: nodes and parameters")
    for axes in (tree, sizes):
        axes.patch.set_alpha(0)
        axes.tick_params(colors=LINE)
        axes.xaxis.label.set_color(LINE)
        axes.yaxis.label.set_color(LINE)
        for spine in axes.spines.values():
            spine.set_color(LINE)
    sizes.legend(frameon=False, labelcolor=LINE, fontsize=7, loc="lower right")
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _number(candidate: Candidate) -> int:
    return candidate.bred.number


def _size(candidate: Candidate) -> int:
    return candidate.bred.size
