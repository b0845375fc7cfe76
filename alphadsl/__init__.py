"""alphadsl: write a contrastive loss in a few lines, get a fast, stable PyTorch module.

    loss = alphadsl.load("infonce", tau=0.2)
    value = loss(z0, z1)
    run = alphadsl.train("infonce", dataset="digits", epochs=20)

Exports are imported on first use: the command line must react to Ctrl-C before that, and torch is not needed to check
and show specs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alphadsl.api import check, checks, library, load, loads, regulariser_of
    from alphadsl.backend.importance import Importance
    from alphadsl.backend.module import ContrastiveLoss
    from alphadsl.report.diagnostic import Diagnostic
    from alphadsl.report.exceptions import InputError, SpecError
    from alphadsl.training import load_encoder, open_run, train
    from runner.finished import Run
    from runner.training.callbacks import Callback, Training

__all__ = [
    "Callback",
    "ContrastiveLoss",
    "Diagnostic",
    "Importance",
    "InputError",
    "Run",
    "SpecError",
    "Training",
    "check",
    "checks",
    "library",
    "load",
    "load_encoder",
    "loads",
    "open_run",
    "regulariser_of",
    "train",
]
__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(("check", "checks", "library", "load", "loads", "regulariser_of"), "alphadsl.api"),
    **dict.fromkeys(("load_encoder", "open_run", "train"), "alphadsl.training"),
    **dict.fromkeys(("Callback", "Training"), "runner.training.callbacks"),
    "Run": "runner.finished",
    **dict.fromkeys(("InputError", "SpecError"), "alphadsl.report.exceptions"),
    "Diagnostic": "alphadsl.report.diagnostic",
    "Importance": "alphadsl.backend.importance",
    "ContrastiveLoss": "alphadsl.backend.module",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError:
        from alphadsl.report.imports import refusal_of_hidden

        refusal = refusal_of_hidden("runner")
        if refusal is None:
            raise
        raise refusal from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
