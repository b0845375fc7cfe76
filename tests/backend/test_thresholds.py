"""The active set of a projection on the simplex is found, and in few steps, where candidates lie on the threshold."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from alphadsl.backend.runtime import simplex

ROWS, CANDIDATES, TIED = 2048, 60, 4
BUDGET = torch.tensor(1 / 6, dtype=torch.float64)
FEW = 20


def bisected(cost_AC: Tensor) -> Tensor:
    """The threshold t (A, 1) at which sum_j [t - cost]_+ is the budget, by halving, in float64."""
    low_A1 = cost_AC.double().amin(1, keepdim=True)
    high_A1 = low_A1 + BUDGET
    for _ in range(200):
        middle_A1 = (low_A1 + high_A1) / 2
        above_A1 = (middle_A1 - cost_AC.double()).clamp_min(0).sum(1, keepdim=True) > BUDGET
        low_A1, high_A1 = torch.where(above_A1, low_A1, middle_A1), torch.where(above_A1, middle_A1, high_A1)
    return (low_A1 + high_A1) / 2


def tied(dtype: torch.dtype) -> Tensor:
    """Costs (A, C) of all sizes; the last candidates lie on the threshold that the others set, or a rounding below."""
    random = torch.Generator().manual_seed(0)
    cost_AC = torch.rand(ROWS, CANDIDATES, generator=random, dtype=torch.float64)
    cost_AC = (cost_AC * 10 ** torch.linspace(-4, 1, ROWS, dtype=torch.float64)[:, None]).to(dtype)
    cost_AC = cost_AC - cost_AC.amin(1, keepdim=True)
    steps = [bisected(cost_AC).to(dtype)]
    for _ in range(TIED - 1):
        steps.append(torch.nextafter(steps[-1], torch.zeros_like(steps[-1])))
    return torch.cat([cost_AC, *steps], 1)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each loop took; one that takes too many fails instead of going on for ever."""
    taken: list[int] = []

    def counted(unsettled: Callable[..., Tensor], advance: Callable[..., Any], state: Any) -> Any:
        taken.append(0)
        while unsettled(*state):
            state = advance(*state)
            taken[-1] += 1
            assert taken[-1] <= FEW, "it goes round"
        return state

    monkeypatch.setattr(simplex, "repeated", counted)
    return taken


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_candidates_on_the_threshold_do_not_make_it_go_round(dtype: torch.dtype, steps: list[int]) -> None:
    cost_AC = tied(dtype)
    expected_A1 = bisected(cost_AC)
    for found_A1 in (simplex.threshold_of(cost_AC, BUDGET), simplex.sorted_threshold_of(cost_AC, BUDGET)):
        assert ((found_A1.double() - expected_A1) / expected_A1).abs().max() <= 8 * torch.finfo(dtype).eps
    assert steps


@pytest.mark.parametrize("budget", [0.01, 1 / 6, 3.0])
def test_numbers_that_are_none_do_not_make_it_go_round(budget: float, steps: list[int]) -> None:
    """And come out again, also where the budget admits no other candidate."""
    cost_AC = torch.rand(4, 9, generator=torch.Generator().manual_seed(0))
    cost_AC[1, 3], cost_AC[2, 3] = torch.nan, torch.inf
    for find in (simplex.threshold_of, simplex.sorted_threshold_of):
        threshold_A1 = find(cost_AC, torch.tensor(budget))
        assert threshold_A1[[0, 2, 3]].isfinite().all()
        assert threshold_A1[1].isnan()
