"""The contenders of a benchmark: our backends, the plain form written by hand, other libraries, and the matrix products
alone.

A contender is identified by its name: a backend ("auto", "dense"; followed by "eager" or "compiled" if that is fixed),
or one of `Rival`. A name and a problem come in; a step comes out. Raises `NotMeasured`, with the reason, for a
contender that cannot run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec as find_module
from typing import Any

import torch
from torch import Tensor

from alphadsl.api import find_text, load
from alphadsl.backend.execution import BACKENDS
from alphadsl.bench.batch import make_batch, step_of
from alphadsl.bench.literal import PlainLoss
from alphadsl.bench.pair_matrices import NoPlainForm
from alphadsl.bench.plain import HAND_WRITTEN
from alphadsl.bench.products import products_step
from alphadsl.bench.task import Problem, Rival
from alphadsl.bench.timing import Step
from alphadsl.ir.nodes import Loss
from alphadsl.ir.parameter import Learned, Parameter
from alphadsl.pipeline import lower_spec

__all__ = ["BACKENDS", "OURS", "NotMeasured", "build_step", "plain_form", "rivals_of"]

INFONCE = "infonce"


class NotMeasured(Exception):
    """A contender that cannot run this problem; the message says why."""


@dataclass(frozen=True)
class Shipped:
    """A loss of another library: its module, the package to install, and the largest batch that it is run on."""

    module: str
    package: str
    largest: int | None = None


SHIPPED = {
    Rival.lightly: Shipped("lightly", "lightly"),
    Rival.metric_learning: Shipped("pytorch_metric_learning", "pytorch-metric-learning", 512),
}
MODES = {"": "auto", "eager": False, "compiled": True}
OURS = tuple(f"{backend} {mode}".strip() for backend in BACKENDS for mode in MODES)


def rivals_of(loss: Loss) -> tuple[Rival, ...]:
    """The rivals that compute this loss."""
    shipped = tuple(SHIPPED) if hand_written_name(loss) == INFONCE else ()
    return (Rival.plain, Rival.compiled, *shipped, Rival.products)


def build_step(name: str, problem: Problem) -> Step:
    """Forward and backward of a contender. Raises `NotMeasured`."""
    match name:
        case Rival.products:
            return products_step(problem, problem.loss.pairs)
        case Rival.plain:
            return _plain_step(problem, lambda function: function)
        case Rival.compiled:
            return _plain_step(problem, partial(torch.compile, dynamic=True))
        case Rival.lightly | Rival.metric_learning:
            return _shipped_step(Rival(name), problem)
        case _:
            backend, _, mode = name.partition(" ")
            ours: Any = load(problem.spec, backend=backend, compile=MODES[mode], **dict(problem.values))  # type: ignore[arg-type]
            return step_of(ours, make_batch(problem, ours.spec.pairs), tuple(ours.parameters()))


def _plain_step(problem: Problem, prepared: Callable[[Any], Any]) -> Step:
    loss = problem.loss
    try:
        function, learned = plain_form(loss)
    except NoPlainForm as refusal:
        raise NotMeasured(f"there is no plain form of it: {refusal}") from None
    return step_of(prepared(function), make_batch(problem, loss.pairs), learned)


def plain_form(loss: Loss) -> tuple[Callable[..., Tensor], tuple[Tensor, ...]]:
    """The loss as written by hand if we have it, otherwise literally from its formula; and its learned parameters."""
    name = hand_written_name(loss)
    if name is None:
        module = PlainLoss(loss)
        return module, tuple(module.parameters())
    values: dict[str, Any] = {parameter.name: _value(parameter) for parameter in loss.parameters}
    written = HAND_WRITTEN[name]
    taken = {argument: value for argument, value in values.items() if argument in written.__annotations__}
    return partial(written, **taken), tuple(value for value in taken.values() if isinstance(value, Tensor))


def _value(parameter: Parameter) -> float | torch.nn.Parameter:
    """A number, or a parameter for an optimizer."""
    match parameter.role:
        case Learned():
            return torch.nn.Parameter(torch.tensor(parameter.value, dtype=torch.float64))
        case _:
            return parameter.value


def hand_written_name(loss: Loss) -> str | None:
    """The name of the built-in loss that this one equals, whatever its own name and values, if it is written by
    hand."""
    for name, written in HAND_WRITTEN.items():
        known = lower_spec(find_text(name)).loss
        same = replace(loss, name=name, parameters=()) == replace(known, parameters=())
        values = {
            parameter.name: parameter.value
            for parameter in loss.parameters
            if parameter.name not in written.__annotations__
        }
        if same and values == {
            parameter.name: parameter.value for parameter in known.parameters if parameter.name in values
        }:
            return name
    return None


def _shipped_step(rival: Rival, problem: Problem) -> Step:
    shipped = SHIPPED[rival]
    if find_module(shipped.module) is None:
        raise NotMeasured(f"it is not installed: pip install {shipped.package}")
    if shipped.largest is not None and problem.anchors > shipped.largest:
        raise NotMeasured(f"its memory grows with the cube of A, so it is left out above A = {shipped.largest}")
    loss = problem.loss
    tau = next(parameter.value for parameter in loss.parameters if parameter.name == "tau")
    function = _lightly(tau) if rival == Rival.lightly else _metric_learning(tau)
    return step_of(function, make_batch(problem, loss.pairs))


def _lightly(tau: float) -> Callable[..., Tensor]:
    from lightly.loss import NTXentLoss

    loss: Callable[..., Tensor] = NTXentLoss(temperature=tau)
    return loss


def _metric_learning(tau: float) -> Callable[..., Tensor]:
    from pytorch_metric_learning.losses import NTXentLoss, SelfSupervisedLoss

    loss: Callable[..., Tensor] = SelfSupervisedLoss(NTXentLoss(temperature=tau))
    return loss
