"""How one loss is computed on a batch: which of its cores the batch takes, and where that runs.

Checked tensors come in; a value inside autograd comes out. What cannot be computed as requested is refused with
`InputError`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from alphadsl.backend.autograd import detached, is_transformed, take_step
from alphadsl.backend.context import with_rows
from alphadsl.backend.custom_op import Run
from alphadsl.backend.dispatch import choose
from alphadsl.backend.executable import ExecutableCore
from alphadsl.backend.execution import Execution
from alphadsl.backend.importance import Importance, as_importance
from alphadsl.backend.inputs import Inputs
from alphadsl.backend.interpreted_step import interpreted_importance, interpreted_step
from alphadsl.backend.precision import products
from alphadsl.backend.program import build_differentiable
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Positives, Streaming
from alphadsl.ir.nodes import Loss
from alphadsl.report.exceptions import InputError
from alphadsl.transform.schedule import schedule_apart, schedule_closely

Tensors = tuple[Tensor, ...]
# The values of parameters as numbers, computed only where they are needed.
Values = Callable[[], dict[str, float]]


class Computation:
    """The cores of a loss. `closely` is set where small distances must be exact: float32 embeddings, whose products
    cancel there, are then computed in float64, and distances of float64 embeddings come from differences."""

    def __init__(self, spec: Loss, core: Core, execution: Execution, learned: tuple[int, ...]) -> None:
        self._spec, self._core, self._execution, self._learned = spec, core, execution, learned
        self._plain = self._near = ExecutableCore(core)
        self._plain.eager  # noqa: B018 built here, since an outer graph cannot build it
        self.closely = False

    def judged(self, closely: bool) -> None:
        self.closely = closely
        if closely and self._near is self._plain:
            self._near = ExecutableCore(schedule_closely(self._spec, self._core))
            self._near.eager  # noqa: B018

    @property
    def core(self) -> Core:
        """The core against which tensors are checked."""
        return self._near.core if self.closely else self._core

    def arranged(self, inputs: Inputs) -> Inputs:
        """Add one row per positive, where the core treats the positives of an anchor separately."""
        if self._executable(inputs).core.positives != Positives.APART:
            return inputs
        context = with_rows(self._core.arrangement, inputs.context)
        return replace(inputs, context=context, pairs=len(context[0]) * len(context[-1]))

    def value(self, inputs: Inputs, parameters: Tensors, values: Values) -> Tensor:
        """The mean over the anchors, scalar; over those of the whole batch where processes share it. Raises
        `InputError`."""
        wide = inputs.wide(self.closely)
        plain = partial(self._differentiable, inputs.shared)
        if is_transformed((wide.z_VND, *parameters)):
            return plain(wide.z_VND, wide.context, parameters)
        if self._execution.backend == "interpreter":
            outer = torch.compiler.is_compiling()
            method = self._interpreted
            interpreted = torch.compiler.disable(method) if outer else method  # type: ignore[no-untyped-call]
            value: Tensor = interpreted(wide, parameters, values)
            return value
        run = self._run(inputs)
        if torch.compiler.is_compiling():
            return run.in_graph(wide.z_VND, wide.context, parameters, self._learned)
        if torch.is_grad_enabled() and (wide.z_VND.requires_grad or self._learned):
            return take_step(run.with_gradient, plain, wide, parameters, self._learned)
        return run.value(wide.z_VND.detach(), detached(wide.context), parameters)

    def importance(self, inputs: Inputs, parameters: Tensors, values: Values) -> Importance:
        if self._execution.backend == "interpreter":
            return interpreted_importance(self._spec, values(), inputs.z_VND, inputs.context)
        wide, executable = inputs.wide(self.closely), self._executable(inputs)
        with products(inputs.z_VND.device, self._execution.products):
            quantities = executable.eager.importance(wide.z_VND, wide.context, parameters)
        dtype = torch.promote_types(inputs.z_VND.dtype, torch.float32)
        return as_importance(quantities, executable.core, inputs.context, inputs.z_VND.shape[1], dtype)

    def _interpreted(self, wide: Inputs, parameters: Tensors, values: Values) -> Tensor:
        if wide.shared:
            raise InputError("the interpreter knows one process only", 'load it with ranks="alone"')
        step = interpreted_step(self._spec, values())
        return take_step(step, partial(self._differentiable, wide.shared), wide, parameters, self._learned)

    def _run(self, inputs: Inputs) -> Run:
        """The step that `auto` chooses for a batch. A shared batch always streams, and so does one in an outer graph
        whose number of rows depends on the labels. Raises `InputError`."""
        executable, execution = self._executable(inputs), self._execution
        choice = choose(executable.core, execution.backend, execution.compile, inputs.z_VND.device, inputs.pairs)
        streamable = self._core.streaming != Streaming.NONE
        if inputs.shared and not streamable:
            remedy = 'ranks="alone" gives each process a loss of its own batch'
            raise InputError(f"{self._spec.name} cannot be shared by processes: it does not stream", remedy)
        countless = executable.core.positives == Positives.APART and torch.compiler.is_compiling()
        streams = inputs.shared or choice.streams or (countless and streamable)
        return executable.run(choice.way, streams, execution.ranks if inputs.shared else "alone", execution.products)

    def _executable(self, inputs: Inputs) -> ExecutableCore:
        return self._near if self.closely and inputs.z_VND.dtype == torch.float64 else self._plain

    def _differentiable(self, shared: bool, z_VND: Tensor, context: Tensors, parameters: Tensors) -> Tensor:
        """The loss in the form that torch can differentiate by itself, whatever the backend. Raises `InputError` if the
        loss is not one differentiable function: its processes share a batch, or it holds something fixed."""
        refusal = f"{self._spec.name} has a first derivative only, by reverse mode: "
        if shared:
            raise InputError(f"{refusal}processes share its batch", 'load it with ranks="alone"')
        if self._core.derived.holds_fixed:
            raise InputError(f"{refusal}it holds something fixed", "alpha, or what is in stopgrad")
        exact = self._execution.products
        if not self._core.pairs.one_positive:
            rows = with_rows(self._core.arrangement, context)
            return build_differentiable(schedule_apart(self._spec, self._core), exact)(z_VND, rows, parameters)
        return build_differentiable(self._core, exact)(z_VND, context, parameters)
