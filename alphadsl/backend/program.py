"""From a core to callables: the generated source, executed and compiled, each distinct text once per process.

Two losses that differ in the values of their parameters have one text, so a sweep over a temperature compiles once.
The text is registered with `linecache`: tracebacks and profilers show it.
"""

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.emit import emit_core
from alphadsl.backend.runtime import functions, pairs, simplex, step
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Pairs, Space

LAYOUTS: dict[Pairs, step.Layout] = {
    Pairs.TWO_VIEW: pairs.two_view,
    Pairs.SAME_VIEW: pairs.same_view,
    Pairs.CROSS_VIEW: pairs.cross_view,
    Pairs.QUEUE: pairs.queue,
    Pairs.LABELS: pairs.labels,
    Pairs.CLASSES: pairs.classes,
}
RUNTIME: dict[str, Any] = {
    "torch": torch,
    **{
        function.__name__: function
        for function in (functions.share, functions.log_share, functions.log_softplus, functions.pow0)
    },
    **{
        function.__name__: function
        for function in (simplex.projected_multiplier, simplex.root_multiplier, simplex.invert)
    },
}


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
    filename = f"<alphadsl {name} {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = dict(RUNTIME)
    exec(compile(source, filename, "exec"), namespace)
    core, layout = namespace[f"{name}_core"], LAYOUTS[pairs]
    match space:
        case Space.SPHERE:
            return Program(
                partial(step.sphere_value, core, layout),
                partial(step.sphere_step, core, layout),
                partial(step.sphere_weights, core, layout),
            )
        case Space.EUCLIDEAN:
            return Program(
                partial(step.euclidean_value, core, layout),
                partial(step.euclidean_step, core, layout),
                partial(step.euclidean_weights, core, layout),
            )


@cache
def _compiled(name: str, source: str, pairs: Pairs, space: Space) -> Program:
    eager = _eager(name, source, pairs, space)
    return Program(
        torch.compile(eager.value, fullgraph=True),
        torch.compile(eager.value_and_gradient, fullgraph=True),
        eager.importance,
    )
