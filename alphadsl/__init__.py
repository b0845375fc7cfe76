"""alphadsl: write a contrastive loss in a few lines, get a fast, stable PyTorch module.

    loss = alphadsl.load("infonce", tau=0.2)
    value = loss(z0, z1)

Torch is imported when a loss is first loaded; checking and showing specs does without it.
"""

from typing import TYPE_CHECKING, Any

from alphadsl.api import check, checks, library, load, loads
from alphadsl.report.diagnostic import Diagnostic, SpecError
from alphadsl.report.faults import InputError

if TYPE_CHECKING:
    from alphadsl.backend.module import ContrastiveLoss, Importance

__all__ = [
    "ContrastiveLoss",
    "Diagnostic",
    "Importance",
    "InputError",
    "SpecError",
    "check",
    "checks",
    "library",
    "load",
    "loads",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The classes that need torch, imported when they are first asked for."""
    if name in ("ContrastiveLoss", "Importance"):
        from alphadsl.backend import module

        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
