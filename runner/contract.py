"""What the runner requires of a loss: a compiled loss of `alphadsl.load`, or any module with these attributes.

Refused: a loss that takes both labels and a queue, since the keys in a queue have no labels.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from alphadsl.report.exceptions import InputError

# N samples, D embedding width


class CompiledLoss(Protocol):
    """A `torch.nn.Module` that maps the embeddings (N, D) of two views to a scalar, and can describe itself."""

    @property
    def name(self) -> str: ...

    @property
    def values(self) -> Mapping[str, float]:
        """The current values of the parameters."""

    @property
    def text(self) -> str:
        """The spec, self-contained: it can be loaded again without any other file."""

    @property
    def source(self) -> str:
        """The generated torch code."""

    @property
    def takes(self) -> frozenset[str]:
        """What a call needs besides two views: `labels`, a `queue`, or nothing."""

    @property
    def time_varying(self) -> tuple[str, ...]:
        """The parameters that change during training."""

    def ir_json(self) -> str: ...

    def at(self, progress: float) -> object:
        """Set scheduled parameters to their values at a fraction of training, in [0, 1]."""

    def __call__(
        self, z0_ND: Tensor, z1_ND: Tensor, /, labels: Tensor | None = None, queue: Tensor | None = None
    ) -> Tensor: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: Mapping[str, Any], /) -> object: ...


def check_trainable(loss: CompiledLoss) -> None:
    """Raises `InputError` if the trainer cannot give the loss what it takes."""
    if {"queue", "labels"} <= loss.takes:
        raise InputError(
            f"{loss.name} takes labels and a queue, and the trainer keeps no labels of the keys in a queue.",
            "Train a loss that takes one of the two.",
        )


def check_shareable(loss: CompiledLoss, processes: int) -> None:
    """Raises `InputError` if the processes cannot share a batch of the loss, so that each would have its own."""
    execution = getattr(loss, "execution", None)
    if processes > 1 and getattr(execution, "ranks", None) != "average":
        raise InputError(
            f"{loss.name} does not see the negatives of other processes, and {processes} were started.",
            'Start one, or load the loss with ranks="average".',
        )


def check_products(loss: CompiledLoss, wanted: str) -> None:
    """Raises `InputError` if a loss that knows the precision of its products differs from what the run records."""
    products = getattr(loss, "products", wanted)
    if products != wanted:
        raise InputError(
            f'{loss.name} was loaded with products="{products}", and the run says loss_products="{wanted}".',
            "Give both the same.",
        )


def describe_loss(loss: CompiledLoss) -> str:
    """The loss with its values, such as `infonce(tau = 0.2, eps = 1)`."""
    return describe(loss.name, loss.values)


def describe(name: str, values: Mapping[str, float]) -> str:
    return f"{name}({', '.join(f'{parameter} = {value:g}' for parameter, value in values.items())})"
