"""The random embeddings of a benchmark problem, and a step on them: forward and backward."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from alphadsl.bench.task import NumberType, Problem
from alphadsl.ir.index_sets import IndexSet

PER_CLASS = 4
DTYPES = {
    NumberType.float32: torch.float32,
    NumberType.bfloat16: torch.bfloat16,
    NumberType.float64: torch.float64,
}


@dataclass(frozen=True)
class Batch:
    """Two views (N, D) that require gradients, and the labels or queue that the index set needs."""

    views: tuple[Tensor, Tensor]
    context: dict[str, Tensor]


def make_batch(problem: Problem, pairs: IndexSet) -> Batch:
    """A batch with the number of samples that gives that many anchors, from one view or from both."""
    samples = problem.anchors // len(pairs.anchors)
    generator = torch.Generator().manual_seed(problem.seed)
    views = tuple(embeddings(problem, samples, generator).requires_grad_() for _ in range(2))
    context: dict[str, Tensor] = {}
    if "queue" in pairs.takes:
        context["queue"] = embeddings(problem, problem.anchors, generator)
    if "labels" in pairs.takes:
        context["labels"] = torch.arange(samples, device=problem.device.value) % max(2, samples // PER_CLASS)
    return Batch((views[0], views[1]), context)


def embeddings(problem: Problem, rows: int, generator: torch.Generator) -> Tensor:
    return torch.randn(rows, problem.width, generator=generator).to(problem.device.value, DTYPES[problem.dtype])


def step_of(
    function: Callable[..., Tensor], batch: Batch, learned: tuple[Tensor, ...] = ()
) -> Callable[[], tuple[Tensor, ...]]:
    """Forward and backward, to the views and to learned parameters."""

    def step() -> tuple[Tensor, ...]:
        gradients = torch.autograd.grad(function(*batch.views, **batch.context), (*batch.views, *learned))
        if batch.views[0].is_cuda:
            torch.cuda.synchronize()
        return gradients

    return step
