"""A checked loss as a `torch.nn.Module`: two views come in; a scalar comes out, with its gradient computed in the same
step.

Autocast has no effect inside: logits and statistics are at least float32, and float64 stays float64.
"""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor

from alphadsl.backend.compiling import NotCompiled
from alphadsl.backend.computation import Computation
from alphadsl.backend.execution import Execution
from alphadsl.backend.importance import Importance
from alphadsl.backend.inputs import Inputs, check_inputs
from alphadsl.backend.learned import LearnedParameters
from alphadsl.backend.parameter_state import ParameterState
from alphadsl.backend.standalone import emit_standalone
from alphadsl.backend.streaming.distributed import EMBEDDINGS, LABELS, Disagreement, decline, is_shared
from alphadsl.ir.core import Core
from alphadsl.ir.loss_json import json_of
from alphadsl.ir.nodes import Loss
from alphadsl.ir.number import Number
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.reference.closeness import looks_closely_somewhere, read_closely
from alphadsl.report.exceptions import InputError

NOTHING: Mapping[str, Number] = {}


class ContrastiveLoss(torch.nn.Module):
    """A contrastive loss compiled from a spec; make one with `alphadsl.load` or `alphadsl.loads`.

    `spec` is the checked IR, `source` the generated torch code, `text` a self-contained spec of the same loss with the
    current values, `values` the hyper-parameters, `execution` the options given to `load` on how to compute it. The
    learned parameters of a spec are parameters of this module.
    """

    def __init__(self, spec: Loss, core: Core, execution: Execution) -> None:
        super().__init__()
        self.spec = spec
        self.core = core
        self.execution = execution
        self._state = ParameterState(spec.name, spec.parameters)
        self._decisive = read_closely(spec)
        self._build()
        raw = self._state.raw()
        self.learned = LearnedParameters(raw) if raw else None

    def _build(self) -> None:
        self._computation = Computation(self.spec, self.core, self.execution, self._state.learned)
        self._judge()

    def _judge(self) -> None:
        """Decide whether small distances must be exact, for the values that parameters have or may take during
        training."""
        decisive = tuple(parameter for parameter in self._state.declared if parameter.name in self._decisive)
        self._computation.judged(looks_closely_somewhere(self.spec, decisive))

    def __getstate__(self) -> dict[str, Any]:
        """Without programs, which are generated and cannot be pickled; they are built again."""
        return {name: part for name, part in vars(self).items() if name != "_computation"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._build()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def values(self) -> dict[str, float]:
        return {parameter.name: parameter.value for parameter in self._state.in_force(self._raw)}

    @property
    def takes(self) -> frozenset[str]:
        """What a call needs besides two views: `labels`, a `queue`, or nothing."""
        return self.spec.pairs.takes

    @property
    def products(self) -> str:
        """How exact float32 products are: `exact` or `fast`."""
        return self.execution.products

    @property
    def time_varying(self) -> tuple[str, ...]:
        """The names of the parameters that change during training, learned or scheduled."""
        return self._state.time_varying

    @property
    def scheduled(self) -> tuple[str, ...]:
        """The names of those that follow the progress of training."""
        return self._state.scheduled

    @property
    def text(self) -> str:
        return pretty_loss(self._in_force())

    @property
    def source(self) -> str:
        return emit_standalone(replace(self.core, near=self._computation.closely), self.values)

    def ir_json(self) -> str:
        """The checked loss as JSON, readable by `alphadsl.ir.loss_json.LOSS_JSON`."""
        return json_of(self._in_force())

    def set(self, values: Mapping[str, Number] = NOTHING, /, **parameters: Number) -> None:
        """Set hyper-parameters, by keyword or in a dictionary; nothing is recompiled. Raises `InputError` for a value
        that is not a finite number or is outside its interval."""
        changes = {**values, **parameters}
        self._state.set(changes, self._raw)
        if changes.keys() & self._decisive:
            self._judge()

    def at(self, progress: float) -> Self:
        """Set scheduled parameters to their values at a fraction of training, in [0, 1]; nothing is recompiled. Raises
        `InputError`."""
        self._state.at(progress)
        return self

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor | None = None, queue: Tensor | None = None) -> Tensor:
        """The loss of a batch: mean over the anchors, which are all 2N embeddings, or with a queue those of view 0.

        z0, z1: embeddings (N, D) of the two views of N samples, of any floating dtype, on one device. On the sphere,
        rows are normalised here. labels: integers (N,), for `pairs labels`. queue: embeddings (Q, D), for `pairs
        queue`; they receive no gradient. Returns a scalar: float64 for float64 embeddings, otherwise float32. Raises
        `InputError` for tensors that do not fit, or if `compile=True` and compilation fails. A batch without negatives
        has loss 0 and a warning.

        Where processes share the batch, all must call, each with its own samples; the value is that of the whole batch.
        They share it while training: in `eval()` mode, and without gradient, the loss is that of the process's own
        batch.
        """
        together = self.execution.ranks != "alone" and self.training and torch.is_grad_enabled()
        shared = together and is_shared()
        try:
            inputs = self._shared_inputs(z0, z1, labels, queue) if shared else self._inputs(z0, z1, labels, queue)
            return self._value(inputs)
        except (Disagreement, NotCompiled) as refusal:
            raise InputError(str(refusal), refusal.remedy) from None

    @torch.no_grad()
    def importance(
        self, z0: Tensor, z1: Tensor, labels: Tensor | None = None, queue: Tensor | None = None
    ) -> Importance:
        """The pairwise importances of a batch as dense tensors, alpha (A, A) and beta (A,), and the value (A,) of each
        anchor, with A = 2N, for inspection; only of the samples of this process. Raises `InputError` like a call."""
        inputs = self._inputs(z0, z1, labels, queue)
        with torch.autocast(z0.device.type, enabled=False):
            return self._computation.importance(inputs, self._parameters_on(z0.device), lambda: self.values)

    def extra_repr(self) -> str:
        values = ", ".join(f"{name}={value:g}" for name, value in self.values.items())
        return f"{self.name}({values}), pairs={self.spec.pairs.name}, backend={self.execution.backend}"

    def _inputs(self, z0: object, z1: object, labels: object, queue: object, shared: bool = False) -> Inputs:
        """The arguments, checked."""
        return self._computation.arranged(check_inputs(self._computation.core, z0, z1, labels, queue, shared))

    def _shared_inputs(self, z0: Tensor, z1: Tensor, labels: object, queue: object) -> Inputs:
        """The arguments of this process in a shared batch. If they are refused, the other processes are told, since
        they would wait for it."""
        try:
            return self._inputs(z0, z1, labels, queue, True)
        except Disagreement:
            raise
        except Exception:
            decline(z0, LABELS if "labels" in self.takes else EMBEDDINGS)
            raise

    def _value(self, inputs: Inputs) -> Tensor:
        dtype, device = torch.promote_types(inputs.z_VND.dtype, torch.float32), inputs.z_VND.device
        if not inputs.negatives:
            what = "one sample" if inputs.z_VND.shape[1] == 1 else "one class"
            warnings.warn(f"{self.name}: a batch of {what} has no negatives; the loss is 0", stacklevel=5)
            return inputs.z_VND.to(dtype).sum() * 0
        with torch.autocast(device.type, enabled=False):
            parameters = self._parameters_on(device)
            return self._computation.value(inputs, parameters, lambda: self.values).to(dtype)

    def _parameters_on(self, device: torch.device) -> tuple[Tensor, ...]:
        return self._state.tensors(device, self._raw)

    @property
    def _raw(self) -> dict[str, Tensor]:
        return dict(self.learned.items()) if self.learned else {}

    def _in_force(self) -> Loss:
        return replace(self.spec, parameters=self._state.in_force(self._raw))
