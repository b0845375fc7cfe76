"""Encoders by name: a word comes in; the library it is from comes out, or why it is not an encoder.

`resnet8`, `resnet18` and `resnet50` are the runner's own. `timm:NAME` is an architecture of the library timm, with
random weights. `own:CLASS@ARCHITECTURE.WEIGHTS` is a module that came from Python code, with fingerprints of its layers
and of its initial weights. It appears in records only: an encoder cannot be built from this name.
"""

import re
from typing import Literal, get_args

Ours = Literal["resnet8", "resnet18", "resnet50"]
ENCODERS: tuple[str, ...] = get_args(Ours)
TIMM, OWN = "timm:", "own:"

_TIMM = re.compile(r"timm:\w+")
_OWN = re.compile(r"own:\w+@[0-9a-f]{8}\.[0-9a-f]{8}")


def check_word(word: str) -> str:
    """The word itself. Raises `ValueError` if it does not name an encoder from elsewhere."""
    if _TIMM.fullmatch(word) or _OWN.fullmatch(word):
        return word
    raise ValueError("timm:NAME, as timm:resnet18")


def has_width(encoder: str) -> bool:
    """Whether the setting `width` has an effect on it."""
    return encoder in ENCODERS


def own_word(name: str, architecture: str, weights: str) -> str:
    """How a module with these fingerprints is written in records."""
    return f"{OWN}{name}@{architecture[:8]}.{weights[:8]}"


def class_of(encoder: str) -> str:
    """The class of a module that came from Python code."""
    return encoder.removeprefix(OWN).partition("@")[0]


def architecture_of(encoder: str) -> str:
    """The encoder without the fingerprint of its initial weights, which depend on a seed."""
    return encoder.rpartition(".")[0] if encoder.startswith(OWN) else encoder
