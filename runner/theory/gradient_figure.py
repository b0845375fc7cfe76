"""The picture of Theorem 1: the error of each loss beside its tolerance."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from matplotlib.figure import Figure

from runner.theory.style import BAD, COLOURS, finish


class Measured(Protocol):
    """Results for one loss."""

    @property
    def name(self) -> str: ...

    @property
    def how(self) -> str: ...

    @property
    def error(self) -> float: ...

    @property
    def tolerance(self) -> float: ...


def draw_errors(measured: Sequence[Measured], methods: Iterable[str]) -> Figure:
    figure = Figure(figsize=(8, 1.6 + 0.19 * max(6, len(measured))), layout="constrained")
    axes = figure.add_subplot()
    ordered = sorted(measured, key=lambda result: (result.how, result.name), reverse=True)
    for place, (how, colour) in enumerate(zip(methods, COLOURS, strict=False)):
        mine = [(at, result) for at, result in enumerate(ordered) if result.how == how]
        if not mine:
            continue
        values = [max(result.error, 1e-18) for _, result in mine]
        axes.scatter(values, [at for at, _ in mine], color=colour, s=26, label=how, zorder=3)
        tolerance = mine[0][1].tolerance
        ends = [at for at, _ in mine]
        label = "tolerance" if place == 0 else None
        axes.plot([tolerance] * 2, [min(ends) - 0.5, max(ends) + 0.5], color=BAD, linewidth=1.4, label=label)
    axes.set_yticks(range(len(ordered)), [result.name for result in ordered], fontsize=7.5)
    axes.set_ylim(-0.8, len(ordered) - 0.2)
    axes.set_xscale("log")
    finish(axes, "Theorem 1: gradient of the loss against that of the energy, alpha and beta fixed", "relative error")
    axes.legend(frameon=False, fontsize=8.5, loc="upper center", bbox_to_anchor=(0.4, -0.06), ncols=4)
    return figure
