"""The picture of deep linear networks: the spectrum of C_alpha, where initialisations end, and how their layers
look."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from runner.theory.linear import Bound, Depth
from runner.theory.style import BAD, COLOURS, INK, finish


def draw_ascents(what: str, bound: Bound, depths: Sequence[Depth], tolerances: tuple[float, float]) -> Figure:
    figure = Figure(figsize=(11.5, 6.4), layout="constrained")
    first, second, third, fourth = figure.subplots(2, 2).flat
    ranks = np.arange(1, len(bound.eigenvalues_F) + 1)
    colours = [COLOURS[0] if value > 0 else BAD for value in bound.eigenvalues_F[::-1]]
    first.bar(ranks, bound.eigenvalues_F[::-1], color=colours)
    first.axhline(0, color=INK, linewidth=0.8)
    finish(first, f"Spectrum of C_alpha: {what}", "eigenvalue, by rank")
    goal = max(bound.top, 0.0) / 2 or bound.scale / 2
    spread = [depth.ends.energy_S.numpy() / goal for depth in depths]
    low, high = min(float(depth.min()) for depth in spread), max(float(depth.max()) for depth in spread)
    margin = max(0.02, 0.1 * (high - low))
    names = [f"depth {depth.depth}" for depth in depths]
    bins = np.linspace(low - margin, high + margin, 31)
    second.hist(
        spread, bins=bins, stacked=True, label=names, color=[COLOURS[i % len(COLOURS)] for i in range(len(depths))]
    )
    if bound.positive:
        second.axvline(1, color=BAD, linewidth=1.2, label="λ_max/2")
    second.legend(frameon=False, fontsize=8.5)
    finish(second, "Where initialisations end", "energy over λ_max/2", "initialisations")
    at = range(1, len(depths) + 1)
    for values, label, mark, tone in (
        ([depth.sigma_S for depth in depths], "σ₂/σ₁, the worst layer", "o", COLOURS[2]),
        ([depth.off_alignment_S for depth in depths], "1 - |cos| of neighbouring layers", "s", COLOURS[3]),
    ):
        for place, value_S in zip(at, values, strict=True):
            third.plot(
                [place] * len(value_S),
                value_S.clamp_min(1e-17),
                mark,
                ms=4,
                alpha=0.5,
                color=tone,
                label=label if place == 1 else None,
            )
    third.axhline(tolerances[0], color=BAD, linewidth=1.2, label="tolerance")
    third.set_yscale("log")
    third.set_xticks(list(at), [str(depth.depth) for depth in depths])
    third.legend(frameon=False, fontsize=8.5)
    finish(third, "Rank 1 and alignment", "depth")
    for place, depth in zip(at, depths, strict=True):
        fourth.plot(
            [place] * len(depth.angle_S), depth.angle_S.clamp_min(1e-10), "o", ms=4, alpha=0.5, color=COLOURS[4]
        )
    fourth.axhline(tolerances[1], color=BAD, linewidth=1.2)
    fourth.set_yscale("log")
    fourth.set_xticks(list(at), [str(depth.depth) for depth in depths])
    finish(fourth, "Angle of the whole map to the top eigenvectors", "depth", "degrees")
    return figure
