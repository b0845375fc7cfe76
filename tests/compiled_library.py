"""The built-in losses as the tests ask them: their generated text, run eagerly on a named batch, beside the truth.

Comes in: a `Setting` and a `Batch`. Goes out: the module, what it says, and what its oracle says in float64, each
computed once. Nothing is refused.

Shape suffixes: N samples, D embedding width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, Protocol

import torch
from torch import Tensor

import alphadsl
from tests.oracles import EXTREMES, ORACLES, Answer, Context, Params, context_of, defaults, value_and_gradient
from tests.oracles.closeness import assert_same_answer
from tests.oracles.contexts import as_dtype
from tests.oracles.learned import learned_by
from tests.oracles.states import Views, views
from tests.oracles.variants import VARIANTS

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}


class Importance(Protocol):
    """The weights of pushing (A, A) and of pulling (A,), and the loss of each anchor (A,)."""

    @property
    def repel(self) -> Tensor: ...
    @property
    def attract(self) -> Tensor: ...
    @property
    def value(self) -> Tensor: ...


class Compiled(Protocol):
    """What the tests ask of the module that `alphadsl.load` returns."""

    @property
    def values(self) -> dict[str, float]: ...
    @property
    def learned(self) -> Mapping[str, Tensor]: ...
    def __call__(self, z0: Tensor, z1: Tensor, **context: Tensor) -> Any: ...
    def importance(self, z0: Tensor, z1: Tensor, **context: Tensor) -> Importance: ...


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


@dataclass(frozen=True)
class Batch:
    """Which embeddings a loss is asked about."""

    state: str
    dtype: torch.dtype
    samples: int = 5
    width: int = 8
    seed: int = 0


AS_SHIPPED = [Setting(name) for name in ORACLES]
AT_EXTREMES = [Setting(name, tuple(params.items())) for name in ORACLES for params in EXTREMES[name]]


def settings_in_turn(*axes: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Each loss as it is shipped meets every combination along the axes; at an extreme, every other one, and the next
    extreme those between."""
    cases = [(setting, *choices) for setting in AS_SHIPPED for choices in product(*axes)]
    for index, setting in enumerate(AT_EXTREMES):
        for places in product(*(range(len(axis)) for axis in axes)):
            if (index + sum(places)) % 2 == 0:
                cases.append((setting, *(axis[place] for axis, place in zip(axes, places, strict=True))))
    return cases


@cache
def loaded(setting: Setting, backend: str = "dense") -> Compiled:
    if setting.name in VARIANTS:
        text = VARIANTS[setting.name].text
        variant: Compiled = alphadsl.loads(text, backend=backend, compile=False, **setting.params)
        return variant
    loss: Compiled = alphadsl.load(setting.name, backend=backend, compile=False, **setting.params)
    return loss


@cache
def embeddings(batch: Batch) -> Views:
    z0_ND, z1_ND = views(batch.state, batch.samples, batch.width, batch.seed)
    return z0_ND.to(batch.dtype), z1_ND.to(batch.dtype)


def context(name: str, batch: Batch) -> Context:
    return context_of(name, embeddings(batch)[0])


@cache
def truth(setting: Setting, batch: Batch) -> Answer:
    """The oracle in float64, on the embeddings as the batch's number type rounds them."""
    params = defaults(setting.name) | setting.params
    given = as_dtype(context(setting.name, batch), torch.float64)
    learned = tuple(learned_by(setting.name))
    return value_and_gradient(ORACLES[setting.name], *embeddings(batch), given, params, learned)


def answer(loss: Compiled, name: str, z0_ND: Tensor, z1_ND: Tensor, given: Context) -> Answer:
    """The compiled loss and its gradients, in the number type of the embeddings; slopes by what is learned itself."""
    leaves = [z_ND.clone().requires_grad_() for z_ND in (z0_ND, z1_ND)]
    rates = learned_by(name)
    value: Tensor = loss(leaves[0], leaves[1], **given)
    g0_ND, g1_ND, *raw = torch.autograd.grad(value, [*leaves, *(loss.learned[each] for each in rates)])
    slopes = [slope / rates[each](loss.values[each]) for each, slope in zip(rates, raw, strict=True)]
    slopes_L = torch.stack(slopes) if slopes else torch.zeros(0, dtype=torch.float64)
    return Answer(value.detach(), g0_ND, g1_ND, slopes_L)


def found(setting: Setting, batch: Batch, backend: str = "dense") -> Answer:
    return answer(loaded(setting, backend), setting.name, *embeddings(batch), context(setting.name, batch))


def hold_against_oracle(loss: Compiled, setting: Setting, batch: Batch) -> None:
    """Value and gradient are in the batch's number type, and within its tolerance."""
    z0_ND, z1_ND = embeddings(batch)
    said = answer(loss, setting.name, z0_ND, z1_ND, context(setting.name, batch))
    assert all(part.dtype == batch.dtype for part in said[:3])
    assert_same_answer(said, truth(setting, batch), z0_ND, z1_ND, TOLERANCE[batch.dtype])
