"""Deep linear networks under a fixed alpha, on covariances whose optimum is known."""

import math

import pytest
import torch
from torch import Tensor

from runner.theory.ascent import ascend, unit_layers
from runner.theory.data import Recipe, read_views
from runner.theory.linear import bound_of, classify, climb, end_to_end, measure
from runner.theory.pca import study
from runner.theory.subject import read_subject
from runner.theory.weights import CONTROLS


def covariance(*eigenvalues: float) -> Tensor:
    """With these eigenvalues, along directions turned by 30 degrees in the plane of the first two."""
    turn = torch.eye(len(eigenvalues), dtype=torch.float64)
    cosine, sine = math.cos(math.pi / 6), math.sin(math.pi / 6)
    turn[:2, :2] = torch.tensor([[cosine, -sine], [sine, cosine]], dtype=torch.float64)
    return turn @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ turn.mT


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_every_ascent_of_a_plane_ends_on_its_longer_axis(depth: int) -> None:
    """C = diag(3, -1) turned by 30 degrees: the bound is 3/2 at the direction (cos 30, sin 30)."""
    c_FF = covariance(3.0, -1.0)
    ends = climb(c_FF, [2, *[3] * depth], 8, 0)
    found = measure(bound_of(c_FF), c_FF, ends)
    torch.testing.assert_close(ends.energy_S, torch.full((8,), 1.5, dtype=torch.float64), rtol=0, atol=1e-10)
    assert [kind.name for kind in found.kinds] == ["maximum"]
    assert float(found.sigma_S.max()) < 1e-4
    assert float(found.angle_S.max()) < 1e-2
    rows_SF = end_to_end(ends.layers).reshape(-1, 2)
    rows_SF = rows_SF[rows_SF.norm(dim=1) > 0.1]
    slope = rows_SF[:, 1] / rows_SF[:, 0]
    torch.testing.assert_close(slope, torch.full_like(slope, math.tan(math.pi / 6)), rtol=1e-4, atol=0)


def test_the_second_axis_is_a_saddle_by_hand() -> None:
    """One layer of one unit along the second eigenvector of diag(3, 1): turning by t gives (3 sin^2 t + cos^2 t) / 2,
    whose curvature at 0 is 3 - 1 = 2; over the largest eigenvalue, 2/3."""
    c_FF = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    second = (torch.tensor([[[0.0, 1.0]]], dtype=torch.float64),)
    ends = ascend(
        lambda layers: (layers[0] @ c_FF * layers[0]).sum((1, 2)) / 2, unit_layers, second, 0, 0, lambda: None
    )
    assert float(ends.gradient_S) == 0
    kind = classify(c_FF, ends, 0)
    assert kind.name == "saddle"
    assert kind.curvature == pytest.approx(2 / 3)
    first = (torch.tensor([[[1.0, 0.0]]], dtype=torch.float64),)
    top = ascend(lambda layers: (layers[0] @ c_FF * layers[0]).sum((1, 2)) / 2, unit_layers, first, 0, 0, lambda: None)
    assert classify(c_FF, top, 0).name == "maximum"


def test_a_saddle_of_rank_two_of_a_two_layer_network() -> None:
    """W2 W1 with singular directions of both eigenvalues is still where a_k^2 is proportional to 1 / lambda_k: for
    diag(2, 1), a^2 = (1/3, 2/3) in both layers, with energy (2/9 + 4/9) / 2 = 1/3."""
    c_FF = torch.diag(torch.tensor([2.0, 1.0], dtype=torch.float64))
    layer = torch.diag(torch.tensor([1 / 3, 2 / 3], dtype=torch.float64).sqrt())[None]

    def energy(layers: tuple[Tensor, ...]) -> Tensor:
        return (end_to_end(layers) @ c_FF * end_to_end(layers)).sum((1, 2)) / 2

    ends = ascend(energy, unit_layers, (layer, layer), 0, 0, lambda: None)
    assert float(ends.energy_S) == pytest.approx(1 / 3)
    assert float(ends.gradient_S) < 1e-14
    assert classify(c_FF, ends, 0).name == "saddle"


def test_equal_eigenvalues_leave_the_direction_open() -> None:
    c_FF = covariance(2.0, 2.0, 1.0)
    bound = bound_of(c_FF)
    assert bound.multiplicity == 2
    found = measure(bound, c_FF, climb(c_FF, [3, 3, 3], 8, 1))
    torch.testing.assert_close(found.ends.energy_S, torch.ones(8, dtype=torch.float64), rtol=0, atol=1e-9)
    assert float(found.sigma_S.max()) < 1e-4
    assert float(found.angle_S.max()) < 1e-2


@pytest.mark.parametrize(("depth", "end"), [(1, -0.5), (2, 0.0)])
def test_without_a_positive_eigenvalue(depth: int, end: float) -> None:
    """One layer of unit norm cannot map to a point, two can: diag(-1, -3) gives -1/2 and 0."""
    c_FF = covariance(-1.0, -3.0)
    assert not bound_of(c_FF).positive
    energies_S = climb(c_FF, [2, *[3] * depth], 6, 0).energy_S
    torch.testing.assert_close(energies_S, torch.full_like(energies_S, end), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["components", "equal", "mixture", "gaussian", "opposed"])
def test_made_data_are_what_they_say(name: str) -> None:
    views = read_views(name, Recipe(20, 4, 0.5, 0))
    assert views.x_VNF.shape == (2, 20, 4)
    assert views.classes_N.shape == (20,)
    bound = bound_of(read_subject("infonce", {}).weights(views.x_VNF).covariance(views.x_EF))
    assert bound.positive == (name != "opposed")
    assert (bound.multiplicity == 3) == (name == "equal")  # four axes, less their sum


def test_controls_break_the_bound() -> None:
    views = read_views("mixture", Recipe(12, 4, 0.5, 0))
    subject = read_subject("infonce", {})
    assert not study(subject, views, [2], 4, 4, 0).fails
    for control in CONTROLS.values():
        assert study(subject.broken(control), views, [2], 4, 4, 0).fails
