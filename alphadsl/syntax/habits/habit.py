"""One row of the table of habits, and the pieces that its patterns are made of.

A pattern is searched in a statement whose comments and descriptions are blanked out. The group `at` is what a message
underlines, or else the whole of what was found, which is also what the rewriting takes the place of. A name that the
author defines is no habit; one in the group `name`, in place of `at`, is one even then.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

Groups = Mapping[str, str]
Rewriting = Callable[[Groups], str]


class Habit(NamedTuple):
    """What authors bring from elsewhere: how a spec says it, and what it is called there.

    `rewrite` is a template over the groups of the pattern, or a function of them; without one, `advice` says what to
    do, and with one, what else. `above` is a line that the rewritten one needs above it.
    """

    name: str
    pattern: str
    lesson: str
    habit: str
    rewrite: str | Rewriting | None = None
    advice: str = ""
    above: str = ""


_DEEPEST = 6


def _nested(left: str, right: str) -> str:
    """Brackets with what they enclose, nested no deeper than in any line that is worth a lesson."""
    inside = f"[^{left}{right}]"
    pattern = f"{left}{inside}*+{right}"
    for _ in range(_DEEPEST):
        pattern = f"{left}(?:{inside}++|{pattern})*+{right}"
    return pattern


NAME = r"[^\W\d]\w*+"
NUMBER = r"(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?"
PAREN = _nested(r"\(", r"\)")
SQUARE = _nested(r"\[", r"\]")
BRACE = _nested(r"\{", r"\}")
INDEX = r"\[[^][\n]*+\]"
OPERAND = rf"(?:{NUMBER}|{NAME}(?:{PAREN}|{INDEX})?|{PAREN})"
POWER = rf"{OPERAND}(?:\^-?{OPERAND})?"
# Operands of what binds most loosely: up to a comma, a bracket or the sign of the definition.
LOOSE = rf"(?:{PAREN}|{INDEX}|[=<>!]=|[^()\[\],=~])"
START = r"(?:(?<=[(,~])|(?<=[^=<>!:+*/-]=))"
END = r"(?=\s*(?:[),]|\Z))"
# A product, up to the next sum.
PRODUCT = rf"(?:{PAREN}|{INDEX}|{BRACE}|(?<=[\^*/])\s*-|[^()\[\]{{}},=~<>+-])"


def wrapped(text: str) -> str:
    """A formula that can be an operand."""
    text = text.strip()
    return text if re.fullmatch(OPERAND, text) else f"({text})"


def bare(text: str) -> str:
    """A formula without the brackets around all of it."""
    text = text.strip()
    return text[1:-1].strip() if re.fullmatch(PAREN, text) else text


def arguments(brackets: str) -> list[str]:
    """What is between brackets, split at its own commas."""
    inner = brackets.strip()[1:-1]
    parts = re.findall(rf"(?:{PAREN}|{INDEX}|{BRACE}|[^(),\[\]{{}}])+", inner)
    return [part.strip() for part in parts if part.strip()]
