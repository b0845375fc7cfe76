"""The compiled library held against the identities and symmetries of the family, in float64: the same
claims that `tests/oracles/test_oracles.py` makes of the oracles, asked of `alphadsl.load`."""

from functools import cache

import pytest
import torch
from torch import Tensor

import alphadsl
from tests.oracles import ORACLES, Answer, Params, value_and_gradient
from tests.oracles.identities import (
    SAME_GRADIENT,
    SAME_LOSS,
    Identity,
    assert_gradient_identity,
    assert_loss_identity,
)
from tests.oracles.symmetries import SYMMETRIES, assert_symmetry, assert_tangent


@cache
def loaded(name: str, params: tuple[tuple[str, float], ...]) -> torch.nn.Module:
    loss: torch.nn.Module = alphadsl.load(name, backend="dense", compile=False, **dict(params))
    return loss


def compiled(name: str, params: Params, z0_ND: Tensor, z1_ND: Tensor) -> Answer:
    return value_and_gradient(loaded(name, tuple(params.items())), z0_ND, z1_ND)


@pytest.mark.parametrize("identity", SAME_GRADIENT, ids=str)
def test_losses_of_one_gradient(identity: Identity) -> None:
    assert_gradient_identity(identity, compiled)


@pytest.mark.parametrize("identity", SAME_LOSS, ids=str)
def test_losses_that_are_one(identity: Identity) -> None:
    assert_loss_identity(identity, compiled)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
@pytest.mark.parametrize("name", ORACLES)
def test_symmetry(name: str, symmetry: str) -> None:
    assert_symmetry(SYMMETRIES[symmetry], name, compiled)


@pytest.mark.parametrize("name", ORACLES)
def test_gradient_is_tangent_to_the_sphere(name: str) -> None:
    assert_tangent(name, compiled)
