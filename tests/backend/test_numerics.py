"""How many digits value and gradient keep: every backend against the float64 interpreter on the same rounded inputs, in
every state of the embeddings, number type and temperature, for specs of each family.

Embeddings are rounded to bfloat16 first, so that one truth holds for every number type. Besides its target an error may
be what the truth itself moves by when the rows move by a few float32 ulps: at a hinge, and where all embeddings are
one, no float32 method has digits. `benchmarks/accuracy.py` is the whole table.

Legend: N samples, D embedding width, A = 2N anchors.
"""

import math
from dataclasses import dataclass
from functools import cache

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.execution import BACKENDS
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.backend.streaming import tiled
from alphadsl.backend.streaming.geometry import cut
from alphadsl.ir.kinds import Space
from tests.oracles.states import SINGULAR, SMOOTH, views
from tests.properties.agreement import Given, nudged

FAST = [backend for backend in BACKENDS if backend not in ("auto", "interpreter")]
STATES = (*SMOOTH, *SINGULAR)
WIDTH = 32
# A family each, one index set each, and what the table found hard: weights of exactly 0, hinges, a softmax of weights.
SPECS = (
    "adnce",
    "blend",
    "clip",
    "dcl",
    "debiased",
    "direct",
    "direct_backprop",
    "dv",
    "entropy",
    "infonce",
    "infonce_hard",
    "moco",
    "multi_similarity",
    "ring",
    "spectral",
    "square",
    "supcon",
    "triplet",
    "truncated",
)
SLOWLY_SOLVED = ("blend", "entropy", "square")
TAUS = (0.005, 0.05, 0.5, 5.0)
SHARP, SHARP_TARGET = 0.05, 1e-4
TARGETS = {torch.float32: 1e-5, torch.bfloat16: 5e-3, torch.float16: 5e-3}
CLASSES = 3
SEVERAL_TILES = 521


@dataclass(frozen=True)
class Answer:
    """In float64, whatever it was computed in."""

    value: float
    gradient_AD: Tensor


@cache
def batch_of(state: str, samples: int, takes: frozenset[str], dtype: torch.dtype) -> Given:
    z0_ND, z1_ND = (z_ND.bfloat16() for z_ND in views(state, 2 * samples, WIDTH))
    further: dict[str, Tensor] = {}
    if "queue" in takes:
        further["queue"] = z1_ND[samples:]
    if "labels" in takes:
        further["labels"] = torch.arange(samples) % CLASSES
    return Given(z0_ND[:samples], z1_ND[:samples], further).to(dtype)


@cache
def loaded(name: str, backend: str, tau: float) -> ContrastiveLoss:
    loss = alphadsl.load(name, backend=backend, compile=False)  # type: ignore[arg-type]
    if "tau" in loss.values:
        loss.set(tau=tau)
    return loss


def answer(loss: ContrastiveLoss, batch: Given) -> Answer:
    leaves = [z_ND.clone().requires_grad_() for z_ND in (batch.z0_ND, batch.z1_ND)]
    value = loss(*leaves, **batch.further)
    gradients = torch.autograd.grad(value, leaves)
    return Answer(value.item(), torch.cat([g_ND.double() for g_ND in gradients]))


@cache
def truth_of(name: str, tau: float, state: str, samples: int, oracle: str) -> tuple[Answer, float]:
    """The answer, and by how much its gradient moves with the rows."""
    exact, dense = loaded(name, oracle, tau), loaded(name, "dense", tau)
    batch = batch_of(state, samples, exact.takes, torch.float64)
    swayed = answer(dense, nudged(batch, exact.spec.space == Space.SPHERE, seed=1))
    return answer(exact, batch), (swayed.gradient_AD - answer(dense, batch).gradient_AD).norm().item()


def assert_close(found: Answer, truth: Answer, sways: float, dtype: torch.dtype, target: float, where: object) -> None:
    error, size = (found.gradient_AD - truth.gradient_AD).norm().item(), truth.gradient_AD.norm().item()
    width = torch.finfo(dtype)
    step = width.tiny * width.eps if dtype == torch.float16 else math.pow(width.tiny, 0.8)
    allowed = target * size + 2 * sways + step * math.sqrt(truth.gradient_AD.numel())
    assert error <= allowed, f"{where}: gradient off by {error:.1e} of {size:.1e}"
    scale = max(abs(truth.value), size, sways)
    if sways > size:  # a value of 0 by cancellation
        return
    assert abs(found.value - truth.value) <= target * scale + step, f"{where}: {found.value} for {truth.value}"


@pytest.mark.slow
@pytest.mark.parametrize("backend", FAST)
@pytest.mark.parametrize("name", SPECS)
def test_digits_are_kept(name: str, backend: str) -> None:
    samples = 2 if name in SLOWLY_SOLVED else 7
    for tau in TAUS if "tau" in loaded(name, backend, 0.5).values else (0.5,):
        loss = loaded(name, backend, tau)
        for state in STATES:
            truth, sways = truth_of(name, tau, state, samples, "interpreter")
            for dtype, target in TARGETS.items():
                if truth.gradient_AD.abs().max() < torch.finfo(dtype).max / 4:
                    found = answer(loss, batch_of(state, samples, loss.takes, dtype))
                    floor = SHARP_TARGET if tau < SHARP else 0.0
                    assert_close(found, truth, sways, dtype, max(target, floor), (tau, state, dtype))


@pytest.mark.slow
@pytest.mark.parametrize("backend", FAST)
@pytest.mark.parametrize("name", SPECS)
def test_every_size_and_state_is_finite_and_the_same_twice(name: str, backend: str) -> None:
    loss = loaded(name, backend, 0.05)
    for state in STATES:
        for samples in (2, 3, 29):
            batch = batch_of(state, samples, loss.takes, torch.float32)
            found, again = answer(loss, batch), answer(loss, batch)
            assert math.isfinite(found.value), (state, samples)
            assert found.gradient_AD.isfinite().all(), (state, samples)
            assert found.value == again.value
            assert torch.equal(found.gradient_AD, again.gradient_AD)


@pytest.mark.slow
@pytest.mark.parametrize("backend", FAST)
@pytest.mark.parametrize("state", SMOOTH)
@pytest.mark.parametrize("name", ["infonce", "direct", "square", "triplet"])
def test_digits_are_kept_in_a_batch_of_hundreds(name: str, state: str, backend: str) -> None:
    """Several tiles of unequal size as they are by default; the truth is the dense float64 evaluation."""
    assert len({stop - start for start, stop in cut((0, 2 * SEVERAL_TILES), tiled.SIDE)}) == 2
    truth, sways = truth_of(name, 0.05, state, SEVERAL_TILES, "dense")
    loss = loaded(name, backend, 0.05)
    batch = batch_of(state, SEVERAL_TILES, loss.takes, torch.float32)
    assert_close(answer(loss, batch), truth, sways, torch.float32, TARGETS[torch.float32], state)
