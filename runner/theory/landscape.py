"""Two losses on one network: how they differ for the same fixed network, at several states of a training run.

The network is trained with the first loss; at each state both losses are asked for alpha and C_alpha. The statement is
that the literal gradient of each loss on the embeddings is that of its energy, so that the comparison is of what pulls.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import linalg, stats
from torch import Tensor

from runner.theory.bridge import (
    RATE,
    STEPS,
    Entry,
    Network,
    class_share,
    make_small_network,
    measure_library,
    top_directions,
    train_small,
    view_consistency,
)
from runner.theory.data import Views
from runner.theory.landscape_figure import draw_landscape
from runner.theory.report import Report, Rows, Statement, watched
from runner.theory.subject import Subject, effective_number

STATES, CHUNK = 6, 25
AGREES = 1e-6
"""Largest difference of the energies by derived and by defined alpha, relative to the size of their terms."""


@dataclass(frozen=True)
class Look:
    """One loss at one state of the network."""

    loss: str
    step: int
    effective: float
    top: float
    consistency: float
    classes: float
    off: float


@dataclass(frozen=True)
class Between:
    """Both losses at one state: overlap of top eigenspaces, in [0, 1], and rank correlation of the alphas over
    pairs."""

    step: int
    overlap: float
    correlation: float


def study(first: Subject, second: Subject, views: Views, library: Sequence[Subject], seed: int, cache: Path) -> Report:
    network = make_small_network(views.width, seed)
    looks: list[Look] = []
    between: list[Between] = []
    for state in watched(range(STATES), "Training states"):
        if state:
            train_small(first.derived, network, views, seed + state, CHUNK)
        tops = []
        for subject in (first, second):
            h_VNH, top_HT, values_H = top_directions(subject, network, views)
            tops.append(top_HT)
            looks.append(_look(subject, state * CHUNK, network, views, h_VNH, top_HT, float(values_H[-1])))
        angles = linalg.subspace_angles(tops[0].numpy(), tops[1].numpy())
        between.append(
            Between(state * CHUNK, float((np.cos(angles) ** 2).mean()), _alphas(first, second, network, views))
        )
    entries = measure_library(library, seed, cache) if library else []
    statements = [
        Statement(f"{subject.name}: the energy by the derived alpha is that by definition", worst, AGREES)
        for subject, worst in (
            (subject, max(look.off for look in looks if look.loss == subject.name)) for subject in (first, second)
        )
    ]
    tables = [_states(first, second, looks, between, views)]
    notes = [
        "Pulls towards: the top eigenvectors of C_alpha of the hidden features; view and class shares are of the "
        "features projected on them."
    ]
    numbers: dict[str, object] = {
        "losses": [first.name, second.name],
        "data": views.name,
        "seed": seed,
        "states": [asdict(look) for look in looks],
        "between": [asdict(pair) for pair in between],
    }
    if entries:
        sentence, correlation = correlate(entries)
        notes.append(sentence)
        numbers |= {"library": [entry.model_dump() for entry in entries], "correlation": correlation}
    figure = draw_landscape(looks, between, entries)
    return Report(f"{first.name} beside {second.name}", tables, statements, figure, numbers, notes)


def correlate(entries: Sequence[Entry]) -> tuple[str, dict[str, float]]:
    """Spearman's rank correlation of the score with accuracy, over the losses without labels, in words and numbers."""
    free = [entry for entry in entries if not entry.supervised]
    if len(free) < 3:
        return "Too few losses for a rank correlation.", {"losses": float(len(free))}
    accuracy = [entry.accuracy for entry in free]
    parts, numbers = [], {"losses": float(len(free))}
    for name, values in (
        ("score", [entry.score for entry in free]),
        ("effective negatives", [entry.effective_negatives for entry in free]),
    ):
        correlation = stats.spearmanr(values, accuracy)
        parts.append(f"{name} {float(correlation.statistic):+.2f} (p = {float(correlation.pvalue):.2g})")
        numbers |= {name: float(correlation.statistic), f"{name}, p": float(correlation.pvalue)}
    spread = f"{100 * min(accuracy):.1f} to {100 * max(accuracy):.1f} %"
    return (
        f"Rank correlation with probe accuracy over {len(free)} losses without labels (small network, {STEPS} steps of "
        f"Adam at {RATE:g} on digits; accuracies {spread}): {', '.join(parts)}.",
        numbers,
    )


def _look(
    subject: Subject, step: int, network: Network, views: Views, h_VNH: Tensor, top_HT: Tensor, top: float
) -> Look:
    with torch.no_grad():
        z_VND = network.head(h_VNH)
    company = subject.company_of(views.classes_N, z_VND)
    derived, defined = subject.weights(z_VND, company), subject.defined_weights(z_VND, company)
    z_ED = subject.everything(z_VND, company)
    size = (defined.covariance(z_ED)).abs().sum() + 1e-300
    off = float((derived.covariance(z_ED) - defined.covariance(z_ED)).abs().sum() / size)
    p_VNT = h_VNH @ top_HT
    effective = effective_number(subject.repel(subject.derived, z_VND, company))
    return Look(subject.name, step, effective, top, view_consistency(p_VNT), class_share(p_VNT, views.classes_N), off)


def _alphas(first: Subject, second: Subject, network: Network, views: Views) -> float:
    """Spearman's correlation of the two alphas over pairs that have weight in both; nan if there are too few."""
    with torch.no_grad():
        z_VND = network.head(network.trunk(views.x_VNF))
    pair = []
    for subject in (first, second):
        company = subject.company_of(views.classes_N, z_VND)
        pair.append(subject.weights(z_VND, company).alpha_EE)
    size = min(len(alpha_EE) for alpha_EE in pair)
    left, right = (alpha_EE[:size, :size].flatten() for alpha_EE in pair)
    both = (left != 0) & (right != 0)
    if both.sum() < 3 or any(len(set(alpha[both].tolist())) < 2 for alpha in (left, right)):
        return float("nan")
    return float(stats.spearmanr(left[both].numpy(), right[both].numpy()).statistic)


def _states(first: Subject, second: Subject, looks: Sequence[Look], between: Sequence[Between], views: Views) -> Rows:
    by = {(look.loss, look.step, index % 2): look for index, look in enumerate(looks)}
    rows = []
    for pair in between:
        a, b = by[first.name, pair.step, 0], by[second.name, pair.step, 1]
        rows.append(
            [
                str(pair.step),
                f"{a.effective:.1f} | {b.effective:.1f}",
                f"{pair.correlation:.2f}",
                f"{a.top:.3g} | {b.top:.3g}",
                f"{pair.overlap:.2f}",
                f"{a.consistency:.2f} | {b.consistency:.2f}",
                f"{a.classes:.2f} | {b.classes:.2f}",
            ]
        )
    columns = ("step", "effective negatives", "corr. of α", "λ_max", "overlap of top 8", "view share", "class share")
    return Rows(f"{first.name} | {second.name} on {views.name}, network trained with {first.name}", columns, rows)
