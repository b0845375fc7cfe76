"""The random embeddings that a problem is measured on, and a step on them: forward and backward."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from alphadsl.bench.task import NumberType, Problem
from alphadsl.ir.kinds import Pairs

PER_CLASS = 4
DTYPES = {
    NumberType.float32: torch.float32,
    NumberType.bfloat16: torch.bfloat16,
    NumberType.float64: torch.float64,
}


@dataclass(frozen=True)
class Batch:
    """Two views (N, D) that want gradients, and the labels or queue that the index set needs."""

    views: tuple[Tensor, Tensor]
    context: dict[str, Tensor]


def make_batch(problem: Problem, pairs: Pairs) -> Batch:
    """As many samples as make that many anchors: with a queue the embeddings of view 0, else those of both views."""
    samples = problem.anchors if pairs == Pairs.QUEUE else problem.anchors // 2
    generator = torch.Generator().manual_seed(problem.seed)
    views = tuple(embeddings(problem, samples, generator).requires_grad_() for _ in range(2))
    match pairs:
        case Pairs.QUEUE:
            context = {"queue": embeddings(problem, problem.anchors, generator)}
        case Pairs.LABELS | Pairs.CLASSES:
            context = {"labels": torch.arange(samples, device=problem.device.value) % max(2, samples // PER_CLASS)}
        case _:
            context = {}
    return Batch((views[0], views[1]), context)


def embeddings(problem: Problem, rows: int, generator: torch.Generator) -> Tensor:
    return torch.randn(rows, problem.width, generator=generator).to(problem.device.value, DTYPES[problem.dtype])


def step_of(
    function: Callable[..., Tensor], batch: Batch, learned: tuple[Tensor, ...] = ()
) -> Callable[[], tuple[Tensor, ...]]:
    """Forward and backward, to the views and to what the loss learns."""

    def step() -> tuple[Tensor, ...]:
        gradients = torch.autograd.grad(function(*batch.views, **batch.context), (*batch.views, *learned))
        if batch.views[0].is_cuda:
            torch.cuda.synchronize()
        return gradients

    return step
