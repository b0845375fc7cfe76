"""Every built-in spec held against its independent float64 oracle: value, gradient, importance, and
finiteness in every number type at both ends of its parameters' ranges.

Losses run uncompiled (the generated text, eagerly) except in the one test of `torch.compile`.

Shape suffixes: N samples, D embedding width, A = 2N anchors.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import pytest
import torch
from torch import Tensor

import alphadsl
from tests.oracles import EXTREMES, ORACLES, Answer, Params, defaults, value_and_gradient
from tests.oracles.closeness import assert_same_answer, assert_same_gradient
from tests.oracles.states import SINGULAR, SMOOTH, Views, unit, views

SHAPES = [(samples, width) for samples in (2, 3, 5, 16) for width in (3, 8)]
BACKENDS = ("interpreter", "dense")
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
ON_THE_SIMPLEX = ("entropy", "inverse", "square", "direct")
# Their importance is not a function of d_i^2 - d_ij^2 alone, so pull and push need not balance.
UNBALANCED = ("direct_backprop", "infonce_hard")


class Importance(Protocol):
    """The weights of pushing (A, A) and of pulling (A,)."""

    @property
    def repel(self) -> Tensor: ...
    @property
    def attract(self) -> Tensor: ...


class Compiled(Protocol):
    """What the tests ask of the module that `alphadsl.load` returns."""

    @property
    def values(self) -> dict[str, float]: ...
    def __call__(self, z0: Tensor, z1: Tensor) -> Any: ...
    def importance(self, z0: Tensor, z1: Tensor) -> Importance: ...


@dataclass(frozen=True)
class Setting:
    """A built-in loss with some parameters overridden."""

    name: str
    overrides: tuple[tuple[str, float], ...] = ()

    @property
    def params(self) -> Params:
        return dict(self.overrides)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in self.overrides)})"


AS_SHIPPED = [Setting(name) for name in ORACLES]
AT_EXTREMES = [Setting(name, tuple(params.items())) for name in ORACLES for params in EXTREMES[name]]


@cache
def loaded(setting: Setting, backend: str = "dense") -> Compiled:
    loss: Compiled = alphadsl.load(setting.name, backend=backend, compile=False, **setting.params)
    return loss


@dataclass(frozen=True)
class Batch:
    """Which embeddings a loss is asked about."""

    state: str
    dtype: torch.dtype
    samples: int = 5
    width: int = 8
    seed: int = 0


@cache
def embeddings(batch: Batch) -> Views:
    z0_ND, z1_ND = views(batch.state, batch.samples, batch.width, batch.seed)
    return z0_ND.to(batch.dtype), z1_ND.to(batch.dtype)


@cache
def truth(setting: Setting, batch: Batch) -> Answer:
    """The oracle in float64, on the embeddings as the batch's number type rounds them."""
    z0_ND, z1_ND = embeddings(batch)
    return value_and_gradient(ORACLES[setting.name], z0_ND, z1_ND, **setting.params)


def answer(loss: Compiled, z0_ND: Tensor, z1_ND: Tensor) -> Answer:
    """The compiled loss and its gradients, in the number type of the embeddings."""
    leaves = [z_ND.clone().requires_grad_() for z_ND in (z0_ND, z1_ND)]
    value: Tensor = loss(leaves[0], leaves[1])
    g0_ND, g1_ND = torch.autograd.grad(value, leaves)
    return Answer(value.detach(), g0_ND, g1_ND)


def hold_against_oracle(loss: Compiled, setting: Setting, batch: Batch) -> None:
    """Value and gradient are in the batch's number type, and within its tolerance."""
    z0_ND, z1_ND = embeddings(batch)
    found = answer(loss, z0_ND, z1_ND)
    assert all(part.dtype == batch.dtype for part in found)
    assert_same_answer(found, truth(setting, batch), z0_ND, z1_ND, TOLERANCE[batch.dtype])


def test_every_spec_has_an_oracle_and_every_oracle_a_spec() -> None:
    assert set(alphadsl.library()) == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
def test_spec_declares_the_parameters_of_the_paper(name: str) -> None:
    assert loaded(Setting(name)).values == defaults(name)


@pytest.mark.parametrize(("samples", "width"), SHAPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("setting", AS_SHIPPED, ids=str)
def test_float64_matches_oracle(setting: Setting, backend: str, samples: int, width: int) -> None:
    for seed in (0, 1):
        batch = Batch("random", torch.float64, samples, width, seed)
        hold_against_oracle(loaded(setting, backend), setting, batch)


@pytest.mark.parametrize(("samples", "width"), SHAPES)
@pytest.mark.parametrize("setting", AS_SHIPPED, ids=str)
def test_float32_matches_oracle(setting: Setting, samples: int, width: int) -> None:
    for seed in (0, 1):
        batch = Batch("random", torch.float32, samples, width, seed)
        hold_against_oracle(loaded(setting), setting, batch)


@pytest.mark.parametrize("state", SMOOTH)
@pytest.mark.parametrize("setting", AS_SHIPPED + AT_EXTREMES, ids=str)
def test_every_state_matches_oracle(setting: Setting, state: str) -> None:
    for dtype in TOLERANCE:
        hold_against_oracle(loaded(setting), setting, Batch(state, dtype))


@pytest.mark.parametrize("state", SMOOTH)
@pytest.mark.parametrize("setting", AT_EXTREMES, ids=str)
def test_interpreter_matches_oracle_at_extremes(setting: Setting, state: str) -> None:
    batch = Batch(state, torch.float64, samples=3, width=3)
    hold_against_oracle(loaded(setting, "interpreter"), setting, batch)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("setting", AS_SHIPPED + AT_EXTREMES, ids=str)
def test_value_and_gradient_are_finite(setting: Setting, dtype: torch.dtype) -> None:
    for state in SMOOTH | SINGULAR:
        found = answer(loaded(setting), *embeddings(Batch(state, dtype)))
        assert all(part.isfinite().all() for part in found), state


@pytest.mark.parametrize("name", ["infonce", "square", "inverse"])
def test_torch_compile_matches_oracle(name: str) -> None:
    loss = alphadsl.load(name, backend="dense", compile=True)
    for state in ("random", "trained"):
        hold_against_oracle(loss, Setting(name), Batch(state, torch.float32, samples=16))


@pytest.mark.parametrize("name", ON_THE_SIMPLEX)
@pytest.mark.parametrize("state", SMOOTH)
def test_rows_of_alpha_sum_to_one(name: str, state: str) -> None:
    settings = [setting for setting in AS_SHIPPED + AT_EXTREMES if setting.name == name]
    for setting in settings:
        repel_AA = loaded(setting).importance(*embeddings(Batch(state, torch.float32, samples=16))).repel
        assert repel_AA.min().item() >= 0, str(setting)
        assert (repel_AA.double().sum(1) - 1).abs().max().item() <= 1e-6, str(setting)


@pytest.mark.parametrize("name", ORACLES)
def test_no_anchor_repels_itself_or_its_positive(name: str) -> None:
    batch = Batch("random", torch.float64)
    repel_AA = loaded(Setting(name)).importance(*embeddings(batch)).repel
    others_AA = ~torch.eye(batch.samples, dtype=torch.bool).repeat(2, 2)
    assert repel_AA.shape == others_AA.shape
    assert (repel_AA[~others_AA] == 0).all()
    assert (repel_AA[others_AA] != 0).any()


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in UNBALANCED])
def test_attract_is_the_row_sum_of_a_non_negative_repel(name: str) -> None:
    for state in SMOOTH:
        weights = loaded(Setting(name)).importance(*embeddings(Batch(state, torch.float64)))
        assert weights.repel.min().item() >= 0, state
        torch.testing.assert_close(weights.attract, weights.repel.sum(1), rtol=1e-12, atol=1e-12)


def surrogate(repel_AA: Tensor, attract_A: Tensor, z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
    """mean_i (attract_i d_i^2 - sum_j repel_ij d_ij^2): Theorem 1 gives it the gradient of the loss."""
    z_AD = torch.cat([z0_ND, z1_ND])
    u_AD = unit(z_AD)
    d2_AA = (u_AD.unsqueeze(0) - u_AD.unsqueeze(1)).pow(2).sum(-1) / 2
    d2_A = d2_AA.diagonal(len(z0_ND)).repeat(2)
    energy: Tensor = (attract_A * d2_A - (repel_AA * d2_AA).sum(1)).mean()
    return energy


@pytest.mark.parametrize("state", SMOOTH)
@pytest.mark.parametrize("setting", AS_SHIPPED + AT_EXTREMES, ids=str)
def test_importance_held_fixed_has_the_gradient_of_the_loss(setting: Setting, state: str) -> None:
    batch = Batch(state, torch.float64)
    weights = loaded(setting).importance(*embeddings(batch))
    repel_AA, attract_A = weights.repel.detach(), weights.attract.detach()
    found = value_and_gradient(
        lambda z0_ND, z1_ND: surrogate(repel_AA, attract_A, z0_ND, z1_ND),
        *embeddings(batch),
    )
    assert_same_gradient(found, truth(setting, batch), TOLERANCE[batch.dtype])
