"""Evaluating an encoder restores its modes, and an encoder that changes while it only evaluates is named."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from alphadsl.report.exceptions import InputError
from runner.evaluation.frozen import evaluating, frozen


class Writes(nn.Module):
    """Changes something of itself whenever it is called, in evaluation mode too."""

    def __init__(self, change: Callable[["Writes"], object]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))
        self.register_buffer("kept", torch.zeros(2))
        self.register_buffer("hidden", torch.zeros(2, dtype=torch.bfloat16), persistent=False)
        self.change = change

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.change(self)
        return x


CHANGES: dict[str, Callable[[Writes], object]] = {
    "weight": lambda module: module.weight.data.mul_(1 + 1e-6),
    "kept": lambda module: module.get_buffer("kept").add_(1),
    "hidden": lambda module: module.get_buffer("hidden").fill_(torch.nan),
    "new": lambda module: module.register_buffer("new", torch.zeros(0)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_encoder_that_changes_is_named(name: str) -> None:
    encoder = Writes(CHANGES[name])
    with pytest.raises(InputError, match=f"^{name} of the encoder changed while it was probed"), frozen(encoder):
        encoder(torch.ones(1))


def test_an_encoder_that_holds_still_has_a_fingerprint_of_its_weights() -> None:
    encoder = Writes(lambda module: None)
    with frozen(encoder) as first:
        assert not encoder(encoder.weight * 1).requires_grad
    with frozen(encoder) as second:
        pass
    encoder.weight.data[0] = -0.0
    with frozen(encoder) as third:
        pass
    assert first == second != third


def test_every_part_gets_its_own_mode_back_and_random_numbers_go_on() -> None:
    network = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())
    network[0].eval()
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    with evaluating(network):
        assert not any(module.training for module in network.modules())
        torch.rand(5)
    assert [module.training for module in network.modules()] == [True, False, True]
    assert torch.equal(torch.rand(2), expected)


def test_modes_come_back_after_a_fault_too() -> None:
    network = nn.Linear(2, 2)
    with pytest.raises(RuntimeError), evaluating(network):
        network(torch.ones(3))
    assert network.training
