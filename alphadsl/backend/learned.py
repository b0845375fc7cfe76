"""The raw numbers of learned parameters, as a module that keeps them wide whatever the model around it is cast to.

In bfloat16 a temperature would have three digits, and an optimizer's step would be lost in their rounding.
"""

from collections.abc import Callable, ItemsView, Mapping
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import Parameter

# Devices that have no float64.
NARROW = frozenset({"mps"})


class LearnedParameters(torch.nn.Module):
    """Raw numbers by the names of their parameters, float64 (float32 where a device has no wider). They are no
    attributes, so that a parameter may be called like a method: `half`, `to`, `training`."""

    def __init__(self, raw: Mapping[str, Parameter]) -> None:
        super().__init__()
        self._parameters.update(raw)

    def __getitem__(self, name: str) -> Tensor:
        raw = self._parameters[name]
        assert raw is not None
        return raw

    def items(self) -> ItemsView[str, Any]:
        return self._parameters.items()

    def train(self, mode: bool = True) -> Self:
        """As any module; a parameter called `training` is not taken for the mode."""
        vars(self)["training"] = mode
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Moved and shared as any parameter is, and cast to nothing narrower."""
        super()._apply(lambda raw: _kept_wide(raw, fn(raw)), recurse)  # type: ignore[no-untyped-call]
        return self

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        """A checkpoint's numbers are widened, where they would be taken as they are (`assign=True`) too."""
        for name in self._parameters:
            if prefix + name in state_dict:
                state_dict[prefix + name] = widest(state_dict[prefix + name])
        super()._load_from_state_dict(state_dict, prefix, *others)


def widest(raw: Tensor) -> Tensor:
    return raw.to(torch.float32 if raw.device.type in NARROW else torch.float64)


def _kept_wide(raw: Tensor, applied: Tensor) -> Tensor:
    """What a function makes of a raw number; where that is a cast, the number itself, on the device it went to."""
    if applied.dtype == raw.dtype or not torch.is_floating_point(applied):
        return applied
    return raw.to(applied.device, torch.float32 if applied.device.type in NARROW else torch.float64)
