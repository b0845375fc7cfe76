"""From a core to callables: the generated source, executed and compiled, each distinct text once per process.

Two losses that differ in the values of their parameters have one text, so a sweep over a temperature compiles once.
The text is registered with `linecache`: tracebacks and profilers show it.
"""

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.emit import RUNTIME_FUNCTIONS, RUNTIME_SOLVERS, emit_core
from alphadsl.backend.runtime import functions, pairs, simplex, step
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Pairs, Space

LAYOUTS: dict[Pairs, step.Layout] = {
    Pairs.TWO_VIEW: pairs.two_view,
    Pairs.SAME_VIEW: pairs.same_view,
    Pairs.CROSS_VIEW: pairs.cross_view,
    Pairs.QUEUE: pairs.with_queue,
    Pairs.LABELS: pairs.with_labels,
    Pairs.CLASSES: pairs.with_classes,
}
RUNTIME: dict[str, Any] = {
    "torch": torch,
    **{name: getattr(functions, name) for name in RUNTIME_FUNCTIONS},
    **{name: getattr(simplex, name) for name in RUNTIME_SOLVERS},
}

# Written out for each loss: Dynamo counts recompilations by code object, and gives up when losses share one.
ENTRIES = """

def value(z_VND, context, parameters):
    return step.{space}_value({name}_core, layout, z_VND, context, parameters)


def value_and_gradient(z_VND, context, parameters):
    return step.{space}_step({name}_core, layout, z_VND, context, parameters)


def importance(z_VND, context, parameters):
    return step.{space}_weights({name}_core, layout, z_VND, context, parameters)
"""


@dataclass(frozen=True)
class Program:
    """The steps of a loss on z_VND, what its index set needs besides, and its parameters.

    They give the value alone; the value with the gradients on embeddings and learned parameters; all the weights.
    """

    value: Callable[[Tensor, step.Weights, step.Weights], Tensor]
    value_and_gradient: Callable[[Tensor, step.Weights, step.Weights], step.Step]
    importance: Callable[[Tensor, step.Weights, step.Weights], step.Weights]


def build_program(core: Core) -> Program:
    """The eager program of a core."""
    return _eager(core.name, emit_core(core), core.pairs, core.space)


def compile_program(core: Core) -> Program:
    """The same program through Inductor, as whole graphs."""
    return _compiled(core.name, emit_core(core), core.pairs, core.space)


@cache
def _eager(name: str, source: str, pairs: Pairs, space: Space) -> Program:
    text = source + ENTRIES.format(name=name, space=space.value)
    filename = f"<alphadsl {name} {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {**RUNTIME, "step": step, "layout": LAYOUTS[pairs]}
    exec(compile(text, filename, "exec"), namespace)
    return Program(*(namespace[entry] for entry in ("value", "value_and_gradient", "importance")))


@cache
def _compiled(name: str, source: str, pairs: Pairs, space: Space) -> Program:
    eager = _eager(name, source, pairs, space)
    return Program(
        torch.compile(eager.value, fullgraph=True),
        torch.compile(eager.value_and_gradient, fullgraph=True),
        eager.importance,
    )
