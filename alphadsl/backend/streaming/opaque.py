"""A streamed step as one operator, so that an outer `torch.compile` sees a call and not an unrolled loop over tiles."""

from collections.abc import Sequence
from functools import cache
from typing import cast

import torch
from torch import Tensor

from alphadsl.backend.choice import Way
from alphadsl.backend.program import build_program
from alphadsl.backend.runtime.step import Step
from alphadsl.backend.streaming.cells import CellStrips
from alphadsl.backend.streaming.ranks import Ranks, Together, alone, meet
from alphadsl.backend.streaming.strips import Strips
from alphadsl.backend.streaming.tiled import Tiled
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Positives, Streaming

Tensors = tuple[Tensor, ...]
_CORES: dict[str, Core] = {}


def register(key: str, core: Core) -> None:
    """Make a core known to the operator under the key of its program."""
    _CORES.setdefault(key, core)


class Streamed:
    """The streamed step of a core, its tile functions run in the given way; called as a dense step is."""

    def __init__(self, core: Core, key: str, way: Way, ranks: Together) -> None:
        self._run = key, way.value, ranks
        self._slopes = len(core.derived.slopes)

    def with_gradient(self, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
        if not torch.compiler.is_compiling():
            return _step(*self._run, z_VND, context, parameters)
        found = streamed_step(*self._run, self._slopes, z_VND, list(context), list(parameters))
        value, gradient_VND, slopes = found
        return value, gradient_VND, tuple(slopes)

    def value(self, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensor:
        """The loss alone."""
        if torch.compiler.is_compiling():
            return self.with_gradient(z_VND, context, parameters)[0]
        key, way, ranks = self._run
        return _engine(key, way).value(z_VND, context, parameters, _ranks(ranks, z_VND))


@cache
def _engine(key: str, way: str) -> Tiled | Strips | CellStrips:
    core = _CORES[key]
    program = build_program(core, Way(way))
    if core.positives == Positives.TOGETHER:
        return CellStrips(core, program)
    return Tiled(core, program) if core.streaming == Streaming.TILES else Strips(core, program)


def _ranks(together: Together, z_VND: Tensor) -> Ranks:
    return alone(z_VND.shape[1]) if together == "alone" else meet(z_VND)


def _step(key: str, way: str, together: Together, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
    """Every process finds the loss of the whole batch and the gradient of its own samples. Where gradients will be
    averaged over processes they are given as many times, and what all processes find alike is told by each in full;
    where they will be summed, each tells its share of that."""
    ranks = _ranks(together, z_VND)
    value, gradient_VND, slopes = _engine(key, way).with_gradient(z_VND, context, parameters, ranks)
    match together:
        case "average":
            return value, gradient_VND * len(ranks.sizes), slopes
        case "sum":
            return value, gradient_VND, tuple(slope / len(ranks.sizes) for slope in slopes)
        case "alone":
            return value, gradient_VND, slopes


@torch.library.custom_op("alphadsl::streamed_step", mutates_args=())
def streamed_step(
    key: str,
    way: str,
    together: str,
    slopes: int,
    z_VND: Tensor,
    context: Sequence[Tensor],
    parameters: Sequence[Tensor],
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Value, gradient (V, N, D) and slopes of the loss that `key` stands for."""
    step = _step(key, way, cast(Together, together), z_VND, tuple(context), tuple(parameters))
    value, gradient_VND, found = step
    return value, gradient_VND.contiguous(), list(found)


@streamed_step.register_fake
def _shapes(
    key: str,
    way: str,
    together: str,
    slopes: int,
    z_VND: Tensor,
    context: Sequence[Tensor],
    parameters: Sequence[Tensor],
) -> tuple[Tensor, Tensor, list[Tensor]]:
    dtype = torch.promote_types(z_VND.dtype, torch.float32)
    scalars = [z_VND.new_empty((), dtype=dtype) for _ in range(slopes + 1)]
    return scalars[0], torch.empty_like(z_VND, dtype=dtype), scalars[1:]
