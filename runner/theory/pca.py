"""Max player, deep linear network (Tian 2022, section 4): with alpha fixed, gradient ascent is PCA of C_alpha.

A loss, data and a shape come in. Alpha is what the loss gives the inputs themselves, and stays fixed. The bound comes
from C_alpha with the derived alpha; the ascent climbs the energy of pairs with alpha by definition. The statements: all
ends reach half the top eigenvalue, their layers have rank 1 and are aligned, and end to end they point along its
eigenvectors.
"""

from collections.abc import Sequence

from runner.theory.data import Views
from runner.theory.linear import REACHED, STILL, Bound, Depth, bound_of, climb, measure
from runner.theory.pca_figure import draw_ascents
from runner.theory.report import Report, Rows, Statement
from runner.theory.subject import Subject

# F inputs, E embeddings

RANK, ALIGNED, ANGLE = 1e-3, 1e-3, 0.1
"""Tolerances of sigma_2 / sigma_1, of 1 - |cosine| between neighbouring layers, and of the angle to the top
eigenvectors in degrees."""


def study(subject: Subject, views: Views, depths: Sequence[int], hidden: int, seeds: int, seed: int) -> Report:
    company = subject.company_of(views.classes_N, views.x_VNF)
    x_EF = company.beside(views.x_VNF)
    bound = bound_of(subject.weights(views.x_VNF, company).covariance(x_EF))
    literal_FF = subject.defined_weights(views.x_VNF, company).covariance_by_pairs(x_EF)
    outcomes = []
    for depth in depths:
        ends = climb(literal_FF, [views.width, *[hidden] * depth], seeds, seed)
        outcomes.append(measure(bound, literal_FF, ends))
    statements = [statement for outcome in outcomes for statement in _statements(bound, outcome)]
    rows = [
        [
            str(outcome.depth),
            f"{float(outcome.ends.energy_S.min()):.6g}",
            f"{float(outcome.ends.energy_S.max()):.6g}",
            f"{bound.goal(outcome.depth):.6g}",
            f"{float(outcome.sigma_S.max()):.1e}",
            f"{float(outcome.off_alignment_S.max()):.1e}",
            f"{float(outcome.angle_S.max()):.1e}",
            str(outcome.ends.steps),
            "; ".join(f"{kind.energy:.4g} {kind.name} ({kind.curvature:+.1e})" for kind in outcome.kinds)
            or "not looked at",
        ]
        for outcome in outcomes
    ]
    columns = (
        "depth",
        "least energy",
        "most",
        "λ_max/2",
        "σ₂/σ₁",
        "1-|cos|",
        "angle °",
        "steps",
        "ends by the Hessian",
    )
    table = Rows(f"{subject.name} on {views.name}, {seeds} initialisations, width {hidden}", columns, rows)
    numbers = {
        "loss": subject.name,
        "values": dict(subject.derived.values),
        "data": views.name,
        "seed": seed,
        "width": hidden,
        "eigenvalues": bound.eigenvalues_F[::-1].tolist(),
        "multiplicity": bound.multiplicity,
        "depths": [
            {"depth": outcome.depth, "energies": outcome.ends.energy_S.tolist(), "sigma": outcome.sigma_S.tolist()}
            | {"off_alignment": outcome.off_alignment_S.tolist(), "angle": outcome.angle_S.tolist()}
            | {"gradient": outcome.ends.gradient_S.tolist(), "kinds": [kind.__dict__ for kind in outcome.kinds]}
            for outcome in outcomes
        ],
    }
    return Report(
        f"PCA by {subject.name}",
        [table],
        statements,
        draw_ascents(f"{subject.name} on {views.name}", bound, outcomes, (RANK, ANGLE)),
        numbers,
        _words(bound),
    )


def _statements(bound: Bound, depth: Depth) -> list[Statement]:
    """What the paper says about one depth, and why it is not claimed where its premise fails."""
    deep, goal = depth.depth > 1, bound.goal(depth.depth)
    none = "" if bound.positive else "C_alpha has no positive eigenvalue"
    single = none or ("" if deep or bound.multiplicity == 1 else "one layer may mix equal eigenvectors")
    short = float((goal - depth.ends.energy_S).abs().max()) / bound.scale
    stuck = [kind for kind in depth.kinds if kind.name == "maximum" and kind.energy < goal - REACHED * bound.scale]
    head = f"depth {depth.depth}: "
    still = float(depth.ends.gradient_S.max()) / bound.scale
    unseen = "" if depth.kinds else "the Hessian is too large to be looked at"
    flat = "" if bound.positive or not deep else "with no positive eigenvalue the best is to map all to one point"
    statements = [
        Statement(f"{head}every ascent ends at a fixed point", still, 10 * STILL, not_claimed=flat),
        Statement(f"{head}every ascent reaches λ_max/2", short, REACHED if bound.positive or not deep else 1e-3),
        Statement(f"{head}no stable maximum below the global one", float(len(stuck)), 0.0, not_claimed=unseen or none),
        Statement(f"{head}every layer has rank 1: σ₂/σ₁", float(depth.sigma_S.max()), RANK, not_claimed=single),
        Statement(
            f"{head}the map points to the top eigenvectors, °", float(depth.angle_S.max()), ANGLE, not_claimed=none
        ),
    ]
    if deep:
        off = float(depth.off_alignment_S.max())
        statements.insert(4, Statement(f"{head}neighbouring layers align: 1-|cos|", off, ALIGNED, not_claimed=none))
    return statements


def _words(bound: Bound) -> list[str]:
    words = [
        "Alpha is that of the inputs and stays fixed. Ends by the Hessian: energy, kind, largest curvature over |λ|."
    ]
    if not bound.positive:
        words.append(
            f"C_alpha has no positive eigenvalue (the largest is {bound.top:.3g}): pulling outweighs pushing in every "
            "direction, and the best a deep network can do is to map all data to one point, with energy 0."
        )
    elif bound.multiplicity > 1:
        words.append(
            f"The top eigenvalue is {bound.multiplicity}-fold: angles are to its eigenspace. From two layers on, rank "
            "1 is still forced, since |AB| = |A| |B| in Frobenius norm needs rank 1; its direction is chance."
        )
    return words
