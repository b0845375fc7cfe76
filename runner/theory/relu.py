"""Max player, two layers with ReLU (Tian 2022, section 5): fixed points of higher rank than any of a linear network.

A loss and data come in. With alpha fixed, gradient ascent of E = tr C_alpha[f] / 2 starts from random positive first
layers, f = W2 relu(W1 x) beside f = W2 W1 x, under two constraints: each layer of unit norm, or each hidden unit of the
first layer by itself. If data have one component each (x = a e_m, a > 0, orthogonal), relu(W1 x) = relu(W1) x: the
network is linear with a first layer that cannot be negative, and hidden units settle on components.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from runner.theory.data import Views
from runner.theory.gated import CONSTRAINTS, Outcome, count_covered, explore
from runner.theory.relu_figure import draw_weights
from runner.theory.report import Report, Rows, Statement
from runner.theory.subject import Subject
from runner.theory.weights import PairWeights

# S initialisations, K hidden units, O outputs, F inputs, M components, E embeddings


def premises(views: Views, alpha_is_positive: bool) -> dict[str, bool]:
    """The paper's assumptions about the data, and whether they hold."""
    x_EF, components_MF = views.x_EF, views.components_MF
    apart = None if components_MF is None else x_EF @ components_MF.mT
    return {
        "every input is a multiple of one of a set of orthogonal components": apart is not None
        and bool(((apart.abs() > 1e-12).sum(1) <= 1).all()),
        "no input is a negative multiple": apart is not None and bool((apart > -1e-12).all()),
        "magnitudes of the components differ": apart is not None and len(set(_magnitudes(apart))) == apart.shape[1],
        "alpha is not negative": alpha_is_positive,
    }


def study(subject: Subject, views: Views, hidden: int, seeds: int, seed: int) -> Report:
    company = subject.company_of(views.classes_N, views.x_VNF)
    x_EF = company.beside(views.x_VNF)
    derived, defined = subject.weights(views.x_VNF, company), subject.defined_weights(views.x_VNF, company)
    outcomes = [
        explore(derived, defined, views, x_EF, network, constraint, hidden, seeds, seed)
        for constraint in CONSTRAINTS
        for network in ("linear", "ReLU")
    ]
    held = premises(views, bool((derived.alpha_EE > -1e-15).all()))
    rows = [
        [
            f"{outcome.network}, {outcome.constraint}",
            f"{int(outcome.fixed_S.sum())} of {seeds}",
            _range(2 * outcome.ends.energy_S),
            _counted(outcome.rank_S),
            _range(outcome.effective_S),
            _range(outcome.covered_S.double()),
            f"{outcome.kinds.count('maximum')} of {len(outcome.kinds)}" if outcome.kinds else "too large to compute",
        ]
        for outcome in outcomes
    ]
    columns = (
        "network, norm",
        "fixed",
        "energy / bound",
        "rank of W1: how often",
        "effective rank",
        "covered",
        "maxima",
    )
    tables = [
        Rows(f"{subject.name} on {views.name}, {hidden} hidden units", columns, rows),
        Rows(
            "What the theorem assumes",
            ("assumption", "holds"),
            [[name, "yes" if yes else "no"] for name, yes in held.items()],
        ),
    ]
    numbers = {"loss": subject.name, "values": dict(subject.derived.values), "data": views.name, "seed": seed}
    numbers |= {"hidden": hidden, "premises": held, "outcomes": [_numbers(outcome) for outcome in outcomes]}
    notes = [
        "Energy / bound: 2 E over the largest |eigenvalue| of C_alpha, for the norm of the constraint; components "
        + ("are those of the data." if views.components_MF is not None else "are the directions of the class means.")
    ]
    figure = draw_weights(f"{subject.name} on {views.name}", outcomes)
    return Report(f"ReLU by {subject.name}", tables, _statements(outcomes, held, defined, x_EF), figure, numbers, notes)


def _statements(
    outcomes: Sequence[Outcome], held: dict[str, bool], weights: PairWeights, x_EF: Tensor
) -> list[Statement]:
    linear_layer, relu_layer, linear_filter, relu_filter = outcomes
    unmet = "" if all(held.values()) else "an assumption does not hold on these data"
    flat = (
        "" if float(torch.linalg.eigvalsh(weights.covariance(x_EF))[-1]) > 0 else "C_alpha has no positive eigenvalue"
    )
    astray = sum(int((outcome.settled_S & ~outcome.fixed_S).sum()) for outcome in outcomes)
    settled = all(bool(outcome.settled_S.any()) for outcome in (linear_layer, linear_filter))
    linear_rank = max(_most(outcome) for outcome in (linear_layer, linear_filter))
    best = _most(relu_filter)
    alone = relu_layer.learnt_SK[relu_layer.fixed_S]
    return [
        Statement(
            "ends of ascent that are not fixed points of the literal energy",
            float(astray) if settled else float("nan"),
            0.0,
            not_claimed=flat,
        ),
        Statement("linear networks: the highest rank of a fixed point", linear_rank, 1.0, not_claimed=flat),
        Statement("ReLU, unit filters: the highest rank of a fixed point", best, 2.0, True, unmet or flat),
        Statement(
            "ReLU, unit layers: share of fixed points whose units learnt one component",
            float((count_covered(alone) == 1).double().mean()) if len(alone) else 0.0,
            0.9,
            True,
            unmet or flat,
        ),
    ]


def _most(outcome: Outcome) -> float:
    """The highest rank among the fixed points, 0 if there are none."""
    return float(outcome.rank_S[outcome.fixed_S].max()) if bool(outcome.fixed_S.any()) else 0.0


def _magnitudes(apart_EM: Tensor) -> list[float]:
    return [round(float(column[column != 0].abs().mean()), 9) for column in apart_EM.mT]


def _numbers(outcome: Outcome) -> dict[str, object]:
    return {
        "network": outcome.network,
        "constraint": outcome.constraint,
        "energies": (outcome.ends.energy_S * outcome.scale).tolist(),
        "gradients": outcome.ends.gradient_S.tolist(),
        "settled": outcome.settled_S.tolist(),
        "fixed": outcome.fixed_S.tolist(),
        "rank": outcome.rank_S.tolist(),
        "effective_rank": outcome.effective_S.tolist(),
        "covered": outcome.covered_S.tolist(),
        "learnt": outcome.learnt_SK.tolist(),
        "kinds": list(outcome.kinds),
        "steps": outcome.ends.steps,
    }


def _range(values_S: Tensor) -> str:
    return f"{float(values_S.min()):.3g} .. {float(values_S.max()):.3g}"


def _counted(ranks_S: Tensor) -> str:
    return ", ".join(f"{rank}: {(ranks_S == rank).sum()}" for rank in sorted(set(ranks_S.tolist())))
