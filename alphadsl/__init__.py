"""alphadsl: write a contrastive loss in a few lines, get a fast, stable PyTorch module.

    loss = alphadsl.load("infonce", tau=0.2)
    value = loss(z0, z1)

What the package exports is imported when it is first asked for: the command line has to answer to Ctrl-C before that,
and torch is not needed to check and show specs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alphadsl.api import check, checks, library, load, loads, regulariser_of
    from alphadsl.backend.importance import Importance
    from alphadsl.backend.module import ContrastiveLoss
    from alphadsl.report.diagnostic import Diagnostic
    from alphadsl.report.exceptions import InputError, SpecError

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
    "regulariser_of",
]
__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(("check", "checks", "library", "load", "loads", "regulariser_of"), "api"),
    **dict.fromkeys(("InputError", "SpecError"), "report.exceptions"),
    "Diagnostic": "report.diagnostic",
    "Importance": "backend.importance",
    "ContrastiveLoss": "backend.module",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
