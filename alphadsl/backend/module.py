"""A checked loss as a `torch.nn.Module`: two views in, a scalar out, its gradient computed in the same step.

Tensors of the wrong shape or kind are refused in one line that names them. Autocast does not reach inside: logits and
statistics are float32 at least, and float64 stays float64.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from alphadsl.backend.interpreter import Interpreted, interpret
from alphadsl.backend.program import Program, build_program, compile_program
from alphadsl.backend.standalone import emit_standalone
from alphadsl.ir.core import Core
from alphadsl.ir.nodes import LOSS_JSON, Loss, Pairs
from alphadsl.ir.pretty import pretty_interval, pretty_loss

Backend = Literal["auto", "interpreter", "dense"]
Compile = bool | Literal["auto"]
Step = Callable[..., tuple[Tensor, Tensor]]
Rejected = Callable[[str, str], Exception]

BACKENDS: tuple[Backend, ...] = ("auto", "interpreter", "dense")
COMPILED_ON_CPU_FROM = 1024


@dataclass(frozen=True)
class Importance:
    """The weights of one batch, anchors ordered view 0 then view 1.

    `loss(z0, z1)` has the gradient of mean over anchors of attract_i d_i^2 - sum_j repel_ij d_ij^2, both held fixed.
    """

    repel: Tensor
    attract: Tensor


class ContrastiveLoss(torch.nn.Module):
    """A contrastive loss compiled from a spec; make one with `alphadsl.load` or `alphadsl.loads`.

    `spec` is the checked IR, `source` the generated torch text, `text` a self-contained spec of the same loss with the
    values in force, `values` the hyper-parameters.
    """

    def __init__(self, spec: Loss, core: Core, backend: Backend, compile: Compile, rejected: Rejected) -> None:
        super().__init__()
        self.spec = spec
        self.core = core
        self.backend = backend
        self.compile_mode = compile
        self._rejected = rejected
        self._values = {parameter.name: parameter.value for parameter in spec.parameters}
        self._eager = build_program(core)
        self._scalars: dict[torch.device, tuple[Tensor, ...]] = {}

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def values(self) -> dict[str, float]:
        return dict(self._values)

    @property
    def text(self) -> str:
        return pretty_loss(self._in_force())

    @property
    def source(self) -> str:
        return emit_standalone(self.core, self._values)

    def ir_json(self) -> str:
        """The checked loss as JSON, readable by `alphadsl.ir.nodes.LOSS_JSON`."""
        return LOSS_JSON.dump_json(self._in_force(), indent=2).decode()

    def set(self, **values: float) -> None:
        """Change hyper-parameters; nothing is compiled again. Raises `InputError` outside their intervals."""
        intervals = {parameter.name: parameter.interval for parameter in self.spec.parameters}
        for name, value in values.items():
            if name not in intervals:
                raise self._rejected(f"{self.name} has no parameter {name}", f"it has {', '.join(intervals) or 'none'}")
            if float(value) not in intervals[name]:
                raise self._rejected(f"{name} = {value} is not in {pretty_interval(intervals[name])}", "")
        self._values.update({name: float(value) for name, value in values.items()})
        self._scalars.clear()

    def forward(self, z0: Tensor, z1: Tensor) -> Tensor:
        """The loss of a batch: mean over the 2N anchors.

        z0, z1: embeddings (N, D) of the two views of N samples, any floating dtype, one device. Rows are normalised
        here. Returns a scalar, float64 for float64 embeddings and float32 otherwise. Raises `InputError` for tensors
        that are not two views of one batch. With N = 1 no anchor has a negative: the loss is 0, and a warning says so.
        """
        self._check(z0, z1)
        z_VND = torch.stack([z0, z1])
        if z0.shape[0] == 1:
            warnings.warn(f"{self.name}: a batch of one sample has no negatives; the loss is 0", stacklevel=2)
            return z_VND.to(torch.promote_types(z_VND.dtype, torch.float32)).sum() * 0
        if self.backend == "interpreter":
            return _value(_Step.apply(self._interpreted, z_VND))
        with torch.autocast(z0.device.type, enabled=False):
            program, parameters = self._program(z_VND), self._scalars_on(z_VND.device)
            if torch.is_grad_enabled() and z_VND.requires_grad:
                return _value(_Step.apply(program.value_and_gradient, z_VND, *parameters))
            return program.value(_any_batch(z_VND), *parameters)

    @torch.no_grad()
    def importance(self, z0: Tensor, z1: Tensor) -> Importance:
        """The pairwise importances of a batch as dense tensors (2N, 2N) and (2N,), for looking at."""
        self._check(z0, z1)
        z_VND = torch.stack([z0, z1])
        if self.backend == "interpreter":
            found = self._interpret(z_VND)
            return Importance(torch.from_numpy(found.repel_AA), torch.from_numpy(found.attract_A))
        with torch.autocast(z0.device.type, enabled=False):
            _, attract_GA1, repel_GAC = self._eager.importance(z_VND, *self._scalars_on(z_VND.device))
        return Importance(_spread(repel_GAC, self.spec.pairs), attract_GA1.flatten())

    def extra_repr(self) -> str:
        values = ", ".join(f"{name}={value:g}" for name, value in self._values.items())
        return f"{self.name}({values}), pairs={self.spec.pairs.value}, backend={self.backend}"

    @cached_property
    def _compiled(self) -> Program:
        return compile_program(self.core)

    def _program(self, z_VND: Tensor) -> Program:
        """Compiled or not: Inductor pays for itself on a GPU, and on the CPU for large batches only (RESULTS.md)."""
        anchors = 2 * z_VND.shape[1]
        wanted = z_VND.is_cuda or anchors >= COMPILED_ON_CPU_FROM if self.compile_mode == "auto" else self.compile_mode
        if not wanted or torch.compiler.is_compiling():
            return self._eager
        return self._compiled

    def _scalars_on(self, device: torch.device) -> tuple[Tensor, ...]:
        """Hyper-parameters as 0-d float64 tensors: exact, and never a constant of the compiled graph."""
        if device not in self._scalars:
            scalars = (torch.tensor(value, dtype=torch.float64, device=device) for value in self._values.values())
            self._scalars[device] = tuple(scalars)
        return self._scalars[device]

    def _interpreted(self, z_VND: Tensor) -> tuple[Tensor, Tensor]:
        found = self._interpret(z_VND)
        dtype = torch.promote_types(z_VND.dtype, torch.float32)
        gradient_VND = torch.from_numpy(found.gradient_VND).to(z_VND)
        return torch.tensor(found.value, dtype=dtype, device=z_VND.device), gradient_VND

    def _interpret(self, z_VND: Tensor) -> Interpreted:
        return interpret(self.spec, self._values, z_VND.detach().double().cpu().numpy())

    def _in_force(self) -> Loss:
        parameters = tuple(
            type(each)(each.name, self._values[each.name], each.interval, each.doc) for each in self.spec.parameters
        )
        return Loss(self.spec.name, parameters, self.spec.pairs, self.spec.family, self.spec.alpha_gradient)

    def _check(self, z0: Tensor, z1: Tensor) -> None:
        for name, z in (("z0", z0), ("z1", z1)):
            if not isinstance(z, Tensor) or not z.is_floating_point():
                found = f"a {z.dtype} tensor" if isinstance(z, Tensor) else f"a {type(z).__name__}"
                raise self._rejected(f"{name} must be a floating-point tensor of embeddings, not {found}", "")
            if z.ndim != 2 or 0 in z.shape:
                raise self._rejected(f"{name} must have the shape (N, D), not {tuple(z.shape)}", "")
        if z0.shape != z1.shape or z0.dtype != z1.dtype or z0.device != z1.device:
            described = (f"{tuple(z.shape)} {z.dtype} on {z.device}" for z in (z0, z1))
            raise self._rejected("z0 and z1 must be two views of one batch, but are " + " and ".join(described), "")


class _Step(torch.autograd.Function):
    """Value and gradient in one sweep; only the gradient on the embeddings is kept."""

    @staticmethod
    def forward(ctx: Any, step: Step, z_VND: Tensor, *parameters: Tensor) -> Tensor:
        value, gradient_VND = step(_any_batch(z_VND), *parameters)
        ctx.save_for_backward(gradient_VND)
        ctx.parameters = len(parameters)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        (gradient_VND,) = ctx.saved_tensors
        return None, (upstream * gradient_VND).to(gradient_VND.dtype), *(None,) * ctx.parameters


def _any_batch(z_VND: Tensor) -> Tensor:
    """Tell the compiler that N varies, so that a smaller last batch compiles nothing."""
    bare_VND = z_VND.detach()
    if not torch.compiler.is_compiling():
        torch._dynamo.maybe_mark_dynamic(bare_VND, 1)
    return bare_VND


def _value(found: Any) -> Tensor:
    """`Function.apply` is untyped."""
    value: Tensor = found
    return value


def _spread(repel_GAC: Tensor, pairs: Pairs) -> Tensor:
    """From groups of anchors with their own candidates to one matrix (A, A)."""
    groups, anchors, candidates = repel_GAC.shape
    if groups == 1:
        return repel_GAC[0]
    repel_AA = repel_GAC.new_zeros(groups, anchors, groups, candidates)
    for view in range(groups):
        repel_AA[view, :, view if pairs == Pairs.SAME_VIEW else 1 - view] = repel_GAC[view]
    return repel_AA.reshape(groups * anchors, groups * candidates)
