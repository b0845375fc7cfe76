"""alphadsl: write a contrastive loss in a few lines, get a fast, stable PyTorch module.

    loss = alphadsl.load("infonce", tau=0.2)
    value = loss(z0, z1)

Torch is imported when a loss is first loaded; checking and showing specs does without it.
"""

from typing import TYPE_CHECKING, Any

from alphadsl.api import check, checks, library, load, loads
from alphadsl.report.diagnostic import Diagnostic, SpecError
from alphadsl.report.exceptions import InputError

if TYPE_CHECKING:
    from alphadsl.backend.interpreted import Importance
    from alphadsl.backend.module import ContrastiveLoss

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
    match name:
        case "ContrastiveLoss":
            from alphadsl.backend.module import ContrastiveLoss

            return ContrastiveLoss
        case "Importance":
            from alphadsl.backend.interpreted import Importance

            return Importance
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
