"""General losses against their formulas on paper, by autograd in float64: value, gradient and slopes of what is
learned, in every index set and both spaces, in the states that embeddings meet.

Each case meets some of the twelve settings in turn; with ALPHADSL_FUZZ set, all of them. Float32 may lose what moving
every embedding by its own rounding changes.
"""

import math
import os
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Streaming
from alphadsl.ir.parameter import Learned
from tests.oracles.states import SMOOTH, normal, views
from tests.properties.general_cases import GENERAL
from tests.properties.general_rows import SETS, SPACES, Case, truth_of

SETTINGS = [(pairs, space) for pairs in SETS for space in SPACES]
SIZES = (2, 3, 5, 17)
MET = len(SETTINGS) if "ALPHADSL_FUZZ" in os.environ else 3
ROUNDING = 6e-8
Parts = tuple[Tensor, Tensor, Tensor]
Batch = tuple[Tensor, Tensor, list[int], Tensor]


def met() -> Iterator[tuple[Case, str, str, str, int]]:
    for at, case in enumerate(GENERAL):
        for turn in range(MET):
            pairs, space = SETTINGS[(5 * at + 7 * turn) % len(SETTINGS)]
            samples = SIZES[(at + turn) % 4] if turn % 3 or at % 2 else 3
            yield case, pairs, space, tuple(SMOOTH)[(at // 4 + turn) % 4], samples


def batch_of(state: str, samples: int) -> Batch:
    z0_ND, z1_ND = (z_ND.bfloat16().double() for z_ND in views(state, samples, 8))
    queue_QD = normal(7, 8, torch.Generator().manual_seed(5)).bfloat16().double()
    return z0_ND, z1_ND, [(3 * n + 1) % 4 % 3 if samples > 2 else n for n in range(samples)], queue_QD


def answer(loss: ContrastiveLoss, batch: Batch, pairs: str, dtype: torch.dtype = torch.float64) -> Parts:
    """By the module, the slopes on the parameters themselves and not on the raw numbers behind them."""
    z0_ND, z1_ND, labels, queue_QD = batch
    leaves = [z_ND.to(dtype).requires_grad_() for z_ND in (z0_ND, z1_ND)]
    further = {"labels": torch.tensor(labels)} if "labels" in pairs else {}
    further |= {"queue": queue_QD.to(dtype)} if pairs == "queue" else {}
    value = loss(*leaves, **further)
    learned = [each for each in loss.spec.parameters if isinstance(each.role, Learned)]
    g0_ND, g1_ND, *raw = torch.autograd.grad(value, [*leaves, *(loss.learned[each.name] for each in learned)])
    steepness = [steepness_of(each.value, each.interval) for each in learned]
    slopes = [slope / rate for slope, rate in zip(raw, steepness, strict=True)]
    return value.detach(), torch.stack([g0_ND, g1_ND]), torch.stack(slopes) if slopes else torch.zeros(0)


def steepness_of(value: float, interval: Interval) -> float:
    """How much a parameter moves with its raw number: by softplus from one end, by a sigmoid between two."""
    match math.isfinite(interval.low), math.isfinite(interval.high):
        case True, True:
            return (value - interval.low) * (interval.high - value) / (interval.high - interval.low)
        case True, False:
            return 1 - math.exp(interval.low - value)
        case False, True:
            return 1 - math.exp(value - interval.high)
        case _:
            return 1.0


def sizes_of(truth: Parts, batch: Batch) -> list[float]:
    """What an error is compared with: a value may vanish by cancellation, a gradient not."""
    value, gradient_VND, slopes = truth
    moved = (gradient_VND * torch.stack(batch[:2])).abs().sum().item()
    return [max(abs(value.item()), moved), gradient_VND.norm().item(), max(slopes.norm().item(), abs(value.item()))]


def errors(found: Parts, truth: Parts) -> list[float]:
    return [(a.double() - b.double()).norm().item() for a, b in zip(found, truth, strict=True)]


def blurred(batch: Batch, seed: int) -> Batch:
    rng = torch.Generator().manual_seed(seed)
    z0_ND, z1_ND = (z_ND + ROUNDING * z_ND.norm(dim=1, keepdim=True) * normal(*z_ND.shape, rng) for z_ND in batch[:2])
    return z0_ND, z1_ND, *batch[2:]


def test_there_are_enough_of_them() -> None:
    assert len({case.name for case in GENERAL}) == len(GENERAL) >= 25


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize(("case", "pairs", "space", "state", "samples"), [*met()], ids=str)
def test_matches_the_formula(case: Case, pairs: str, space: str, state: str, samples: int) -> None:
    loss = alphadsl.loads(case.spec(pairs, space), compile=False)
    batch = batch_of(state, samples)
    z0_ND, z1_ND, labels, queue_QD = batch
    truth = truth_of(case, z0_ND, z1_ND, pairs, space, labels, queue_QD)
    sizes = sizes_of(truth, batch)
    for error, size in zip(errors(answer(loss, batch, pairs), truth), sizes, strict=True):
        assert error <= 1e-9 * size
    moved = [
        errors(truth_of(case, *blurred(batch, seed)[:2], pairs, space, labels, queue_QD), truth) for seed in (0, 1)
    ]
    narrow = answer(loss, batch, pairs, torch.float32)
    for error, size, *blur in zip(errors(narrow, truth), sizes, *moved, strict=True):
        assert error <= 1e-4 * size + 20 * max(blur)
    if loss.core.streaming != Streaming.NONE:
        streamed = alphadsl.loads(case.spec(pairs, space), backend="streaming", compile=False)
        for dtype, precision in ((torch.float64, 1e-9), (torch.float32, 1e-4)):
            found, dense = (answer(each, batch, pairs, dtype) for each in (streamed, loss))
            for error, size, *blur in zip(errors(found, dense), sizes, *moved, strict=True):
                assert error <= precision * size + (20 * max(blur) if dtype == torch.float32 else 0)
    for part in answer(loss, batch, pairs, torch.bfloat16):
        assert part.isfinite().all()
