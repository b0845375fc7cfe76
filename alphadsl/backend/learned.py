"""The raw values of learned parameters, as a module that keeps them in float64 whatever the surrounding model is cast
to.

In bfloat16 a temperature would have three digits, and an optimizer's step would be lost to rounding.
"""

from collections.abc import Callable, ItemsView, Mapping
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import Parameter

# Devices that have no float64.
NARROW = frozenset({"mps"})


class LearnedParameters(torch.nn.Module):
    """Raw values by the names of their parameters, in float64 (float32 on a device without it). They are not
    attributes, so that a parameter may have the name of a method: `half`, `to`, `training`."""

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
        """Set the mode of the module; a parameter called `training` is left alone."""
        vars(self)["training"] = mode
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Move and share the values as in any module, but cast them to nothing narrower."""
        super()._apply(lambda raw: _kept_wide(raw, fn(raw)), recurse)  # type: ignore[no-untyped-call]
        return self

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        """Widen the values of a checkpoint, even those that would be assigned as they are (`assign=True`)."""
        for name in self._parameters:
            if prefix + name in state_dict:
                state_dict[prefix + name] = widest(state_dict[prefix + name])
        super()._load_from_state_dict(state_dict, prefix, *others)


def widest(raw: Tensor) -> Tensor:
    return raw.to(torch.float32 if raw.device.type in NARROW else torch.float64)


def _kept_wide(raw: Tensor, applied: Tensor) -> Tensor:
    """What a function returned for a raw value; if that is a cast, the raw value itself, on the new device."""
    if applied.dtype == raw.dtype or not torch.is_floating_point(applied):
        return applied
    return raw.to(applied.device, torch.float32 if applied.device.type in NARROW else torch.float64)
