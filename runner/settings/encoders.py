"""Encoders by name: a word comes in; whose architecture it is comes out, or why it is none.

`resnet8` and its kin are the runner's. `timm:NAME` is an architecture of the library timm, with random weights.
`own:CLASS@ARCHITECTURE.WEIGHTS` is a module that Python code brought, with fingerprints of its layers and of its
initial weights: it is only written down, and cannot be built from its name.
"""

import re
from typing import Literal, get_args

Ours = Literal["resnet8", "resnet18", "resnet50"]
ENCODERS: tuple[str, ...] = get_args(Ours)
TIMM, OWN = "timm:", "own:"

_TIMM = re.compile(r"timm:\w+")
_OWN = re.compile(r"own:\w+@[0-9a-f]{8}\.[0-9a-f]{8}")


def check_word(word: str) -> str:
    """The word itself. Raises `ValueError` where it names no encoder of others."""
    if _TIMM.fullmatch(word) or _OWN.fullmatch(word):
        return word
    raise ValueError("timm:NAME, as timm:resnet18")


def has_width(encoder: str) -> bool:
    """Whether the setting `width` says anything of it."""
    return encoder in ENCODERS


def own_word(name: str, architecture: str, weights: str) -> str:
    """What is written down of a module, whose fingerprints are given."""
    return f"{OWN}{name}@{architecture[:8]}.{weights[:8]}"


def class_of(encoder: str) -> str:
    """The class of a module that Python code brought."""
    return encoder.removeprefix(OWN).partition("@")[0]


def architecture_of(encoder: str) -> str:
    """The encoder without its initial weights, which a seed decides."""
    return encoder.rpartition(".")[0] if encoder.startswith(OWN) else encoder
