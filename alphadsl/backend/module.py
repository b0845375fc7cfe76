"""A checked loss as a `torch.nn.Module`: two views in, a scalar out, its gradient computed in the same step.

Autocast does not reach inside: logits and statistics are float32 at least, and float64 stays float64.
"""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor

from alphadsl.backend.choice import Backend, Compile, Way, choose, compiled_way
from alphadsl.backend.compiling import NotCompiled
from alphadsl.backend.form import Form
from alphadsl.backend.interpreted import Importance, interpreted_importance, interpreted_step
from alphadsl.backend.learned import LearnedParameters
from alphadsl.backend.program import Program, build_differentiable
from alphadsl.backend.runtime.pairs import label_rows
from alphadsl.backend.standalone import emit_standalone
from alphadsl.backend.stepper import detached, is_transformed, spread, take_step
from alphadsl.backend.streaming.opaque import Streamed
from alphadsl.backend.streaming.ranks import Disagreement, Together, decline, is_shared
from alphadsl.backend.streaming.workspace import fastest_products
from alphadsl.backend.tensors import Given, Rejected, check_given
from alphadsl.backend.values import Values
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Pairs, Positives, Streaming
from alphadsl.ir.nodes import LOSS_JSON, Loss
from alphadsl.ir.number import Number
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.reference.closeness import looks_closely_somewhere
from alphadsl.transform.schedule import schedule_apart, schedule_closely

NOTHING: Mapping[str, Number] = {}


class ContrastiveLoss(torch.nn.Module):
    """A contrastive loss compiled from a spec; make one with `alphadsl.load` or `alphadsl.loads`.

    `spec` is the checked IR, `source` the generated torch text, `text` a self-contained spec of the same loss with the
    values in force, `values` the hyper-parameters. What a spec learns are this module's parameters.
    """

    def __init__(
        self, spec: Loss, core: Core, backend: Backend, compile: Compile, ranks: Together, rejected: Rejected
    ) -> None:
        super().__init__()
        self.spec = spec
        self.core = core
        self.backend = backend
        self.compile_mode = compile
        self.ranks = ranks
        self._rejected = rejected
        self._values = Values(spec.name, spec.parameters, rejected)
        self._build()
        raw = self._values.raw()
        self.learned = LearnedParameters(raw) if raw else None

    def _build(self) -> None:
        self._plain = self._near = Form(self.core)
        self._plain.eager  # noqa: B018  an outer graph could not build it
        self._judge()

    def _judge(self) -> None:
        """Whether small distances must be exact, with the values that parameters have or may come to by themselves."""
        self._closely = looks_closely_somewhere(self.spec, tuple(self._values.declared))
        if self._closely and self._near is self._plain:
            self._near = Form(schedule_closely(self.spec))
            self._near.eager  # noqa: B018

    def __getstate__(self) -> dict[str, Any]:
        """Without programs, which are generated and cannot be pickled: they are built again."""
        return {name: part for name, part in vars(self).items() if name not in ("_plain", "_near")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._build()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def values(self) -> dict[str, float]:
        return {each.name: each.value for each in self._values.in_force(self._raw)}

    @property
    def takes(self) -> frozenset[str]:
        """What a call needs besides two views: `labels`, a `queue`, or nothing."""
        match self.spec.pairs:
            case Pairs.LABELS | Pairs.CLASSES:
                return frozenset({"labels"})
            case Pairs.QUEUE:
                return frozenset({"queue"})
            case _:
                return frozenset()

    @property
    def living(self) -> tuple[str, ...]:
        """The parameters that move over training, learned or scheduled."""
        return self._values.living

    @property
    def text(self) -> str:
        return pretty_loss(self._in_force())

    @property
    def source(self) -> str:
        return emit_standalone(replace(self.core, near=self._closely), self.values)

    def ir_json(self) -> str:
        """The checked loss as JSON, readable by `alphadsl.ir.nodes.LOSS_JSON`."""
        return LOSS_JSON.dump_json(self._in_force(), indent=2).decode()

    def set(self, values: Mapping[str, Number] = NOTHING, /, **parameters: Number) -> None:
        """Change hyper-parameters, by keyword or in a dictionary; nothing is compiled again. Raises `InputError` for
        what is no finite number or lies outside its interval."""
        self._values.set({**values, **parameters}, self._raw)
        self._judge()

    def at(self, progress: float) -> Self:
        """Bring scheduled parameters to a fraction of training in [0, 1]; nothing is compiled again."""
        self._values.at(progress)
        return self

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor | None = None, queue: Tensor | None = None) -> Tensor:
        """The loss of a batch: mean over the anchors, which are all 2N embeddings, or with a queue those of view 0.

        z0, z1: embeddings (N, D) of the two views of N samples, any floating dtype, one device. On the sphere rows are
        normalised here. labels: integers (N,), for `pairs labels`. queue: embeddings (Q, D), for `pairs queue`; they
        receive no gradient. Returns a scalar, float64 for float64 embeddings and float32 otherwise. Raises `InputError`
        for tensors that do not fit, or if `compile=True` cannot be. A batch without negatives has loss 0 and a warning.

        Where processes share the batch, all must call, each with its samples; the value is that of the whole batch.
        """
        try:
            if self.ranks == "alone" or not is_shared():
                return self._value(self._given(z0, z1, labels, queue, False), False)
            return self._value(self._shared_given(z0, z1, labels, queue), True)
        except (Disagreement, NotCompiled) as refusal:
            raise self._rejected(str(refusal), refusal.remedy) from None

    def _shared_given(self, z0: Tensor, z1: Tensor, labels: Tensor | None, queue: Tensor | None) -> Given:
        """What this process gives to a shared batch; if that is refused, the others are told, who would wait for it."""
        try:
            return self._given(z0, z1, labels, queue, True)
        except Disagreement:
            raise
        except Exception:
            decline(z0)
            raise

    def _value(self, given: Given, shared: bool) -> Tensor:
        if not given.negatives:
            what = "one sample" if given.z_VND.shape[1] == 1 else "one class"
            warnings.warn(f"{self.name}: a batch of {what} has no negatives; the loss is 0", stacklevel=5)
            return given.z_VND.to(torch.promote_types(given.z_VND.dtype, torch.float32)).sum() * 0
        device = given.z_VND.device
        with torch.autocast(device.type, enabled=False), fastest_products(device):
            parameters = self._values.tensors(device, self._raw)
            value = self._computed(given, shared, parameters)
        return value.to(torch.promote_types(given.z_VND.dtype, torch.float32))

    def _computed(self, given: Given, shared: bool, parameters: tuple[Tensor, ...]) -> Tensor:
        wide = given.wide(self._closely)
        if is_transformed((wide.z_VND, *parameters)):
            return self._differentiable(wide.z_VND, wide.context, parameters)
        if self.backend == "interpreter":
            if shared:
                raise self._rejected("the interpreter knows one process only", 'load it with ranks="alone"')
            return take_step(
                interpreted_step(self.spec, self.values), self._differentiable, wide, parameters, self._values.learned
            )
        program = self._program(given, shared)
        if torch.is_grad_enabled() and (wide.z_VND.requires_grad or self.learned):
            return take_step(program.with_gradient, self._differentiable, wide, parameters, self._values.learned)
        return program.value(wide.z_VND.detach(), detached(wide.context), parameters)

    @torch.no_grad()
    def importance(
        self, z0: Tensor, z1: Tensor, labels: Tensor | None = None, queue: Tensor | None = None
    ) -> Importance:
        """The pairwise importances of a batch as dense tensors (A, A) and (A,), A = 2N, for looking at; of the samples
        of this process alone."""
        given = self._given(z0, z1, labels, queue, False)
        if self.backend == "interpreter":
            return interpreted_importance(self.spec, self.values, given.z_VND, given.context)
        with torch.autocast(z0.device.type, enabled=False):
            parameters = self._values.tensors(given.z_VND.device, self._raw)
            wide, form = given.wide(self._closely), self._form(given)
            _, *weights = form.eager.importance(wide.z_VND, wide.context, parameters)
        dtype = torch.promote_types(given.z_VND.dtype, torch.float32)
        attract_GA1, repel_GAC = (weight.to(dtype) for weight in weights[:2])
        if form.core.positives == Positives.TOGETHER:
            return Importance(repel_GAC, attract_GA1)
        return Importance(*spread(repel_GAC, attract_GA1, self.spec.pairs, given.context))

    def _given(self, z0: object, z1: object, labels: object, queue: object, shared: bool) -> Given:
        """What was passed, checked; with a row for each positive where those of an anchor do not come together."""
        core = self._near.core if self._closely else self.core
        given = check_given(core, z0, z1, labels, queue, shared, self._rejected)
        if self._form(given).core.positives != Positives.APART:
            return given
        rows = label_rows(*given.context)
        return replace(given, context=rows, pairs=len(rows[0]) * len(rows[-1]))

    def extra_repr(self) -> str:
        values = ", ".join(f"{name}={value:g}" for name, value in self.values.items())
        return f"{self.name}({values}), pairs={self.spec.pairs.value}, backend={self.backend}"

    def _program(self, given: Given, shared: bool) -> Program | Streamed:
        """What `auto` takes for a batch; in an outer graph a dense step is compiled as a part of that, unless its rows
        are as many as the labels say. A shared batch always streams."""
        form = self._form(given)
        choice = choose(form.core, self.backend, self.compile_mode, given.z_VND.device, given.pairs)
        if shared and self.core.streaming == Streaming.NONE:
            remedy = 'ranks="alone" gives each process a loss of its own batch'
            raise self._rejected(f"{self.name} cannot be shared by processes: it does not stream", remedy)
        countless = form.core.positives == Positives.APART and torch.compiler.is_compiling()
        if shared or choice.streams or (countless and self.core.streaming != Streaming.NONE):
            return form.streamed(choice.way, self.ranks if shared else "alone")
        outer = choice.way == Way.EAGER or torch.compiler.is_compiling()
        return form.eager if outer else form.compiled(compiled_way(self.compile_mode))

    def _form(self, given: Given) -> Form:
        """What float32 has cancelled comes out in float64; of float64, differences are taken."""
        return self._near if self._closely and given.z_VND.dtype == torch.float64 else self._plain

    def _differentiable(self, z_VND: Tensor, context: tuple[Tensor, ...], parameters: tuple[Tensor, ...]) -> Tensor:
        """The loss as torch differentiates it by itself, whatever the backend; refused where that is not one thing."""
        told = f"{self.name} has a first derivative only, by reverse mode: "
        if self.ranks != "alone" and is_shared():
            raise self._rejected(f"{told}processes share its batch", 'load it with ranks="alone"')
        if self.core.derived.holds_fixed:
            raise self._rejected(f"{told}it holds something fixed", "alpha, or what is in stopgrad")
        if self._plain.core.positives == Positives.TOGETHER and len(context) == 1:
            return build_differentiable(schedule_apart(self.spec))(z_VND, label_rows(*context), parameters)
        return build_differentiable(self.core)(z_VND, context, parameters)

    @property
    def _raw(self) -> dict[str, Tensor]:
        return dict(self.learned.items()) if self.learned else {}

    def _in_force(self) -> Loss:
        return replace(self.spec, parameters=self._values.in_force(self._raw))
