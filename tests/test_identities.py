"""The compiled library held against the identities and symmetries of the family, in float64: the same
claims that `tests/oracles/test_oracles.py` makes of the oracles, asked of `alphadsl.load`."""

import pytest
from torch import Tensor

from tests.compiled_library import Setting, answer, loaded
from tests.oracles import ORACLES, Answer, Context, Params
from tests.oracles.contexts import EUCLIDEAN
from tests.oracles.identities import (
    SAME_GRADIENT,
    SAME_LOSS,
    Identity,
    assert_gradient_identity,
    assert_loss_identity,
)
from tests.oracles.symmetries import SYMMETRIES, assert_symmetry, assert_tangent, each_symmetry


def compiled(name: str, params: Params, z0_ND: Tensor, z1_ND: Tensor, context: Context) -> Answer:
    return answer(loaded(Setting(name, tuple(params.items()))), name, z0_ND, z1_ND, context)


@pytest.mark.parametrize("identity", SAME_GRADIENT, ids=str)
def test_losses_of_one_gradient(identity: Identity) -> None:
    assert_gradient_identity(identity, compiled)


@pytest.mark.parametrize("identity", SAME_LOSS, ids=str)
def test_losses_that_are_one(identity: Identity) -> None:
    assert_loss_identity(identity, compiled)


@pytest.mark.parametrize(("name", "symmetry"), each_symmetry(ORACLES))
def test_symmetry(name: str, symmetry: str) -> None:
    assert_symmetry(SYMMETRIES[symmetry], name, compiled)


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in EUCLIDEAN])
def test_gradient_is_tangent_to_the_sphere(name: str) -> None:
    assert_tangent(name, compiled)
