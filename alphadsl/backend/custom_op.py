"""A step as one operator, so that an outer `torch.compile` sees a single call: no unrolled loop over tiles, no setting
of torch for the precision of products but ours, and a gradient that refuses a second derivative with a message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, cast

import torch
import torch.distributed
from torch import Tensor

from alphadsl.backend.context import ids_in
from alphadsl.backend.dispatch import Way
from alphadsl.backend.double_backward import scaled
from alphadsl.backend.execution import Products, Together
from alphadsl.backend.precision import products
from alphadsl.backend.program import Program, build_program
from alphadsl.backend.runtime.simplex import on_host
from alphadsl.backend.runtime.step import Step
from alphadsl.backend.streaming.cells import CellRowBlocks
from alphadsl.backend.streaming.distributed import LABELS, Ranks, Result, alone, as_agreed, exchange
from alphadsl.backend.streaming.row_blocks import RowBlocks
from alphadsl.backend.streaming.tiled import Tiled
from alphadsl.ir.core import Core
from alphadsl.ir.index_sets import Id
from alphadsl.ir.kinds import Positives, Streaming
from alphadsl.report.exceptions import InputError

Tensors = tuple[Tensor, ...]
_CORES: dict[str, Core] = {}


def register(key: str, core: Core) -> None:
    """Register a core with the operator under the key of its program."""
    _CORES.setdefault(key, core)


@dataclass(frozen=True)
class Run:
    """How to take the step of the core registered under `key`; called like a dense step."""

    key: str
    way: str
    streams: bool
    ranks: Together
    products: Products

    @property
    def words(self) -> str:
        return " ".join([self.key, self.way, "streams" if self.streams else "dense", self.ranks, self.products])

    @staticmethod
    @cache
    def read(words: str) -> "Run":
        key, way, how, ranks, products = words.rsplit(" ", 4)
        return Run(key, way, how == "streams", cast(Together, ranks), cast(Products, products))

    def with_gradient(self, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Step:
        """The loss of the whole batch, and its gradients with respect to the samples of this process and to learned
        parameters. Where gradients will be averaged over processes, those of the embeddings are multiplied by the
        number of processes, and those of parameters, which are equal in all processes, are given in full. Where they
        will be summed, each process gives its share of the latter."""
        with products(z_VND.device, self.products):
            engine = _engine(self.key, self.way)
            if self.streams:
                step = partial(engine.streaming.with_gradient, z_VND, context, parameters)
                value, gradient_VND, slopes = self._exchanged(engine.core, z_VND, step)
            else:
                value, gradient_VND, slopes = engine.dense.with_gradient(z_VND, context, parameters)
        value, gradient_VND, *others = (engine.known(part, context) for part in (value, gradient_VND, *slopes))
        match self.ranks:
            case "average":
                return value, gradient_VND * torch.distributed.get_world_size(), tuple(others)
            case "sum":
                return value, gradient_VND, tuple(slope / torch.distributed.get_world_size() for slope in others)
            case "alone":
                return value, gradient_VND, tuple(others)

    def value(self, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensor:
        """The loss alone."""
        with products(z_VND.device, self.products):
            engine = _engine(self.key, self.way)
            if self.streams:
                value = self._exchanged(engine.core, z_VND, partial(engine.streaming.value, z_VND, context, parameters))
            else:
                value = engine.dense.value(z_VND, context, parameters)
        return engine.known(value, context)

    def in_graph(self, z_VND: Tensor, context: Tensors, parameters: Tensors, learned: tuple[int, ...]) -> Tensor:
        """The loss inside an outer graph and inside autograd."""
        outputs = step(self.words, " ".join(map(str, learned)), z_VND, list(context), list(parameters))
        value: Tensor = outputs[0]
        return value

    def _exchanged(self, core: Core, z_VND: Tensor, work: Callable[[Ranks], Result]) -> Result:
        """Run `work` with all processes. Where labels were exchanged before, they have already agreed on who holds
        what."""
        if self.ranks == "alone":
            return work(alone(z_VND.shape[1]))
        return work(as_agreed(LABELS)) if core.arrangement.labels else exchange(z_VND, work)


@dataclass(frozen=True)
class _Engine:
    """The object that takes the steps of a core, dense or streamed."""

    core: Core
    dense: Program

    @cached_property
    def streaming(self) -> Tiled | RowBlocks | CellRowBlocks:
        if self.core.positives == Positives.TOGETHER:
            return CellRowBlocks(self.core, self.dense)
        return (Tiled if self.core.streaming == Streaming.TILES else RowBlocks)(self.core, self.dense)

    def known(self, part: Tensor, context: Tensors) -> Tensor:
        """The part, or 0 where a batch on a device has only one class, and so no negatives; on the host this was
        checked before."""
        if not self.core.arrangement.needs_classes or on_host(part):
            return part
        class_C = ids_in(self.core.arrangement, context)[Id.CLASS]
        return torch.where((class_C != class_C[0]).any(), part, 0.0)


@cache
def _engine(key: str, way: str) -> _Engine:
    return _Engine(_CORES[key], build_program(_CORES[key], Way(way)))


@torch.library.custom_op("alphadsl::step", mutates_args=())
def step(
    run: str, learned: str, z_VND: Tensor, context: Sequence[Tensor], parameters: Sequence[Tensor]
) -> list[Tensor]:
    """Value, gradient (V, N, D), and gradients with respect to the learned parameters, whose indices are `learned`.
    They are text, since autograd would expect gradients for a list; so is `run`, since an operator takes no classes."""
    value, gradient_VND, slopes = Run.read(run).with_gradient(z_VND, tuple(context), tuple(parameters))
    return [value, gradient_VND.contiguous(), *slopes]


@step.register_fake
def _of_step(
    run: str, learned: str, z_VND: Tensor, context: Sequence[Tensor], parameters: Sequence[Tensor]
) -> list[Tensor]:
    dtype = torch.promote_types(z_VND.dtype, torch.float32)
    value, *slopes = (z_VND.new_empty((), dtype=dtype) for _ in range(len(learned.split()) + 1))
    return [value, torch.empty_like(z_VND, dtype=dtype), *slopes]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    _, learned, z_VND, context, parameters = inputs
    ctx.mark_non_differentiable(*output[1:])
    ctx.save_for_backward(z_VND, *parameters, *output[1:])
    ctx.learned, ctx.context, ctx.parameters = [*map(int, learned.split())], len(context), len(parameters)


def _backward(ctx: Any, upstream: list[Tensor]) -> tuple[Any, ...]:
    z_VND, *others = ctx.saved_tensors
    gradient_VND, *slopes = place_gradients(upstream[0], ctx.learned, ctx.parameters, z_VND, others)
    of_parameters: list[Tensor | None] = [None] * ctx.parameters
    for index, slope in zip(ctx.learned, slopes, strict=True):
        of_parameters[index] = slope
    return None, None, gradient_VND, [None] * ctx.context, of_parameters


step.register_autograd(_backward, setup_context=_keep)


@torch.library.custom_op("alphadsl::place_gradients", mutates_args=())
def place_gradients(
    upstream: Tensor, learned: Sequence[int], count: int, z_VND: Tensor, others: Sequence[Tensor]
) -> list[Tensor]:
    """Like `scaled`. Embeddings and parameters are arguments, so that autograd sees what the gradients depend on."""
    gradients = scaled(upstream, tuple(learned), count, z_VND, *others)
    return [gradient.clone() for gradient in gradients]


@place_gradients.register_fake
def _of_gradients(
    upstream: Tensor, learned: Sequence[int], count: int, z_VND: Tensor, others: Sequence[Tensor]
) -> list[Tensor]:
    return [torch.empty_like(z_VND), *(torch.empty_like(others[index], dtype=torch.float64) for index in learned)]


def _refuse(ctx: Any, by: list[Tensor]) -> tuple[Any, ...]:
    raise InputError(
        "a loss inside an outer torch.compile has a first derivative only", "take the second outside of that graph"
    )


def _keep_nothing(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None: ...


place_gradients.register_autograd(_refuse, setup_context=_keep_nothing)
