"""Two-layer networks: what can be said by hand of one-component data, and what a control must break."""

import pytest
import torch

from runner.theory import gated
from runner.theory.ascent import unit_filters, unit_layers
from runner.theory.data import Recipe, read_views
from runner.theory.gated import count_covered, learnt_components, rank_of
from runner.theory.relu import premises, study
from runner.theory.subject import read_subject
from runner.theory.weights import CONTROLS


def test_rank_learnt_and_covered_by_hand() -> None:
    first_KF = torch.tensor([[3.0, 0, 0], [0, 4, 0], [1, 1, 0], [0, 0, 1e-9]], dtype=torch.float64)[None]
    learnt = learnt_components(first_KF, torch.eye(3, dtype=torch.float64))
    assert learnt.tolist() == [[0, 1, -1, -1]]
    assert count_covered(learnt).tolist() == [2]
    even = torch.diag(torch.tensor([1.0, 1, 0, 0], dtype=torch.float64))[None]
    rank, effective = rank_of(even)
    assert rank.tolist() == [2]
    assert float(effective) == pytest.approx(2)


def test_constraints() -> None:
    layers = (torch.full((1, 2, 2), 3.0), torch.full((1, 1, 2), 5.0))
    whole, units = unit_layers(layers), unit_filters(layers)
    assert [float(weight.norm()) for weight in whole] == pytest.approx([1, 1])
    assert units[0].norm(dim=2).tolist() == [pytest.approx([1, 1])]
    assert float(units[1].norm()) == pytest.approx(1)


def test_premises_are_looked_at() -> None:
    made = premises(read_views("components", Recipe(20, 4, 0.1, 0)), True)
    assert all(made.values())
    assert not all(premises(read_views("equal", Recipe(20, 4, 0.0, 0)), True).values())
    assert list(premises(read_views("mixture", Recipe(20, 4, 0.5, 0)), True).values()) == [False, False, False, True]


def test_a_hessian_that_would_not_fit_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """256 hidden units: 66,816 parameters, whose Hessian would take 36 GB."""
    monkeypatch.setattr(gated, "STEPS", 2)
    report = study(read_subject("infonce", {}), read_views("components", Recipe(6, 5, 0.2, 0)), 256, 2, 0)
    assert all(outcome["kinds"] == [] for outcome in report.numbers["outcomes"])
    assert [row[-1] for row in report.tables[0].cells] == ["too large to compute"] * 4


@pytest.mark.slow
def test_relu_keeps_higher_rank_and_controls_break_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gated, "STEPS", 400)
    views, subject = read_views("components", Recipe(16, 4, 0.2, 0)), read_subject("infonce", {})
    report = study(subject, views, 5, 8, 0)
    assert not report.fails
    outcomes = report.numbers["outcomes"]
    assert max(outcomes[1]["rank"]) == 1
    assert max(outcomes[3]["rank"]) >= 2
    monkeypatch.setattr(gated, "STEPS", 150)
    for control in CONTROLS.values():
        assert study(subject.broken(control), views, 5, 2, 0).fails
