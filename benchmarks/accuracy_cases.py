"""What the accuracy table asks: batches in every state, settings of every spec, and how an answer is judged.

A batch holds rounded inputs of a number type; every backend, peer and reference is given those same numbers. Targets
are those of the tracker's issue 4. Legend: N samples, A = 2N anchors, D embedding width, Q rows of a queue.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tests.oracles.batch import Params
from tests.oracles.extremes import EXTREMES
from tests.oracles.states import SINGULAR, SMOOTH, views
from tests.properties.agreement import Given

TAUS = (0.005, 0.01, 0.05, 0.5, 5.0)
STATES = (*SMOOTH, *SINGULAR)
WIDTH = 128
# What a gradient in a 16-bit type may be off by is mostly its own rounding.
TARGETS = {torch.float32: (1e-5, 1e-4), torch.bfloat16: (5e-3, 5e-3), torch.float16: (5e-3, 5e-3)}
SHARP = 0.05
DEGENERATE = 2.0
# Gradient scalers start at 2^16 and double from there.
LARGEST_SCALED, LARGEST_SCALE = 256.0, 2.0**24

Loss = Callable[..., Tensor]


def batch_of(state: str, samples: int, takes: frozenset[str], dtype: torch.dtype) -> Given:
    """Twice the samples are drawn, so that a queue comes from the state of the views: it is view 1 of the others."""
    z0_ND, z1_ND = views(state, 2 * max(samples, 2), WIDTH)
    further: dict[str, Tensor] = {}
    if "queue" in takes:
        further["queue"] = z1_ND[samples:]
    if "labels" in takes:
        further["labels"] = torch.arange(samples) % max(2, samples // 2)
    return Given(z0_ND[:samples], z1_ND[:samples], further).to(dtype)


@dataclass(frozen=True)
class Answer:
    """Value and gradient (2N, D) in float64, whatever they were computed in."""

    value: float
    gradient_AD: Tensor

    @property
    def finite(self) -> bool:
        return math.isfinite(self.value) and bool(self.gradient_AD.isfinite().all())


def ask(loss: Loss, batch: Given, scale: float = 1.0, device: str = "cpu") -> Answer:
    """Forward and backward on a device, upstream `scale` as a gradient scaler has it; the answer is on the CPU."""
    leaves = [z_ND.to(device, copy=True).requires_grad_() for z_ND in (batch.z0_ND, batch.z1_ND)]
    value = loss(*leaves, **{name: x.to(device) for name, x in batch.further.items()})
    gradients = torch.autograd.grad(value, leaves, torch.full_like(value, scale))
    return Answer(value.item(), torch.cat([g_ND.double().cpu() for g_ND in gradients]) / scale)


def scale_for(dtype: torch.dtype, truth: Answer) -> float:
    """float16 is trained with a scaler that keeps gradients inside its narrow range: the power of two that does so."""
    largest = truth.gradient_AD.abs().max().item() if dtype == torch.float16 else 0.0
    return min(LARGEST_SCALE, 2.0 ** math.floor(math.log2(LARGEST_SCALED / largest))) if largest > 0 else 1.0


def told(truth: Answer, dtype: torch.dtype, scale: float) -> bool:
    """Whether the truth can be written in the number type at all: a spec without a logarithm exceeds any."""
    width = torch.finfo(torch.float32)
    largest = truth.gradient_AD.abs().max().item() * scale
    smallest = 1.0 if dtype == torch.float16 else math.pow(width.tiny, 0.8)
    fits = largest < torch.finfo(dtype).max and abs(truth.value) < width.max
    return fits and (largest >= smallest or largest == 0)


def apart(found: Answer, truth: Answer) -> float:
    """The norm of the difference of two gradients, of the batch as a whole: a row counts for what it moves."""
    return float((found.gradient_AD - truth.gradient_AD).norm())


def same(a: Answer, b: Answer) -> bool:
    """Bit for bit, as far as there are numbers."""
    told = zip((torch.tensor(a.value), a.gradient_AD), (torch.tensor(b.value), b.gradient_AD), strict=True)
    return all(torch.equal(x.nan_to_num(), y.nan_to_num()) for x, y in told)


def relative(error: float, scale: float) -> float:
    return error / scale if scale > 0 else (0.0 if error == 0 else math.inf)


def value_error(found: Answer, truth: Answer, batch: Given) -> float:
    """Relative to the value, or to what turning every embedding by a radian adds to it, if that is more."""
    z_AD = torch.cat([batch.z0_ND, batch.z1_ND]).double()
    turning = (z_AD.norm(dim=1) * truth.gradient_AD.norm(dim=1)).sum().item()
    scale = max(abs(truth.value), turning)
    return relative(abs(found.value - truth.value), scale)


def settings_of(name: str, shipped: Mapping[str, float], admits: Callable[[str, float], bool]) -> list[Params]:
    """Every tau where there is one, then the ends of the other parameters; as shipped where there is none."""
    by_tau: list[Params] = [{"tau": tau} for tau in TAUS if admits("tau", tau)]
    ends = [params for params in EXTREMES.get(name, ()) if set(params) != {"tau"} or not by_tau]
    return [*(by_tau or [dict(shipped)]), *ends]


def target_of(params: Params, dtype: torch.dtype) -> float:
    """The tighter one unless a temperature is below 0.05, or an inverse one above 20."""
    values = [value if key.endswith("tau") else 1 / abs(value or 1) for key, value in params.items()]
    wide, sharp = TARGETS[dtype]
    return wide if min(values, default=1.0) >= SHARP else sharp
