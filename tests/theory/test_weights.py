"""Alpha, beta, energy and contrastive covariance against sums written out by hand."""

import math

import pytest
import torch
from torch import Tensor

from runner.theory.minplayer import best_perturbation, conditions, solve
from runner.theory.subject import Company, effective_number, read_subject
from runner.theory.weights import CONTROLS, place

# Two samples of two views on the unit circle, at 0, 90, 180 and 270 degrees: view 0 is (1, 0), (0, 1), view 1 is
# (-1, 0), (0, -1). A positive is opposite, d^2 = 2; both negatives stand at a right angle, d^2 = 1.
CROSS = torch.tensor([[[1.0, 0], [0, 1]], [[-1, 0], [0, -1]]], dtype=torch.float64)
SUPERVISED = torch.tensor([0, 0, 1])


def random_views(samples: int = 4, width: int = 3, seed: int = 0) -> Tensor:
    return torch.randn(2, samples, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_cross_by_hand() -> None:
    """InfoNCE with tau = 1, eps = 1: each exp(d_i^2 - d_ij^2) is e, so alpha_ij = e / (2e + 1)."""
    weights = read_subject("infonce", {"tau": 1.0}).weights(CROSS)
    alpha = math.e / (2 * math.e + 1) / 4
    right_angles = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]], dtype=torch.float64)
    torch.testing.assert_close(weights.alpha_EE, alpha * right_angles)
    opposite = torch.eye(4, dtype=torch.float64).roll(2, 1)
    torch.testing.assert_close(weights.beta_EE, 2 * alpha * opposite)
    z_ED = CROSS.flatten(0, 1)
    # Eight directed pairs at d^2 = 1, four at d^2 = 2 with twice the weight.
    assert float(weights.energy(z_ED)) == pytest.approx(alpha * 8 - 2 * alpha * 4 * 2)
    # Each axis: eight gaps of +-1 from negatives, two of +-2 from positives.
    covariance = torch.eye(2, dtype=torch.float64) * (8 * alpha - 2 * alpha * 2 * 4)
    torch.testing.assert_close(weights.covariance(z_ED), covariance)
    torch.testing.assert_close(weights.covariance_by_pairs(z_ED), covariance)


@pytest.mark.parametrize("name", ["infonce", "dhel", "clip", "moco", "supcon", "square"])
def test_energy_is_half_the_trace_for_every_index_set(name: str) -> None:
    subject, z_VND = read_subject(name, {}), random_views(3)
    queue = random_views(5)[0] if subject.takes_queue() else None
    company = Company(subject.labels_of(SUPERVISED), queue)
    weights, z_ED = subject.weights(z_VND, company), subject.everything(z_VND, company)
    total = 0.0
    for i, one in enumerate(z_ED):
        for j, other in enumerate(z_ED):
            total += float((weights.alpha_EE[i, j] - weights.beta_EE[i, j]) * ((one - other) @ (one - other)) / 2)
    assert float(weights.energy(z_ED)) == pytest.approx(total)
    assert float(torch.trace(weights.covariance(z_ED))) / 2 == pytest.approx(total)
    defined = subject.defined_weights(z_VND, company)
    torch.testing.assert_close(defined.alpha_EE, weights.alpha_EE)
    torch.testing.assert_close(defined.beta_EE, weights.beta_EE)


def test_the_positive_of_an_anchor_before_a_queue_is_the_other_view() -> None:
    weights = place(torch.ones(2, 3), torch.tensor([5.0, 7.0]), 7)
    assert weights.beta_EE.nonzero().tolist() == [[0, 2], [1, 3]]
    assert weights.alpha_EE.nonzero().tolist() == [[i, j] for i in (0, 1) for j in (4, 5, 6)]
    assert weights.beta_EE[1, 3] == 7 / 2


@pytest.mark.parametrize("name", ["entropy", "square", "inverse", "entmax"])
def test_a_solved_min_player_meets_its_conditions_and_a_broken_one_does_not(name: str) -> None:
    subject, z_VND = read_subject(name, {}), random_views()
    game, solved = subject.game(z_VND), solve(subject.game(z_VND)).alpha_AC
    derived = subject.repel(subject.derived, z_VND, Company()).numpy()
    assert abs(solved - derived).max() < 1e-12
    at = conditions(game, derived)
    assert max(at.infeasible, at.stationarity, at.complementarity) < 1e-12
    assert best_perturbation(game, derived, 20, 0)[0] > -1e-12
    assert conditions(game, -derived).infeasible > 1
    assert conditions(game, 1.3 * derived).infeasible == pytest.approx(0.3)
    even = game.negative_AC / game.negative_AC.sum(1, keepdims=True)
    assert conditions(game, even).stationarity > 1e-3
    assert best_perturbation(game, even, 40, 0)[0] < 0


def test_the_square_player_of_two_negatives_by_hand() -> None:
    """alpha on the simplex nearest to -d^2 / tau: with tau = 1, d^2 = 1 - s, s = 0.6 and -0.2 it is (0.9, 0.1); with
    s = 0.8 and -0.4 the first has it all."""
    for cosines, expected in (((0.6, -0.2), (0.9, 0.1)), ((0.8, -0.4), (1.0, 0.0))):
        first = torch.tensor([[1.0, 0.0], [cosines[0], math.sqrt(1 - cosines[0] ** 2)]], dtype=torch.float64)
        second = torch.tensor([[0.0, 1.0], [cosines[1], -math.sqrt(1 - cosines[1] ** 2)]], dtype=torch.float64)
        subject = read_subject("square", {"tau": 1.0})
        alpha_E = 4 * subject.weights(torch.stack([first, second])).alpha_EE[0]
        torch.testing.assert_close(alpha_E, torch.tensor([0, expected[0], 0, expected[1]], dtype=torch.float64))


def test_effective_number() -> None:
    rows = torch.tensor([[0.25, 0.25, 0.25, 0.25, 0.0]])
    assert effective_number(rows) == pytest.approx(4)
    assert effective_number(torch.tensor([[3.0, 0.0]])) == pytest.approx(1)


def test_controls_break_what_they_say() -> None:
    weights = read_subject("entropy", {}).weights(random_views())
    assert weights.off_row_sum() < 1e-12
    flipped, rows, beta = (CONTROLS[name](weights) for name in ("sign", "rows", "beta"))
    assert (flipped.alpha_EE <= 0).all()
    assert (rows.alpha_EE.sum(1) * len(rows.alpha_EE) > 1.09).all()
    assert beta.off_row_sum() == pytest.approx(0.2)
