"""One row of the table of habits, and the building blocks of its patterns.

A pattern is searched for in a statement whose comments and descriptions are blanked out. A message underlines the group
`at` or, without one, the whole match; the rewriting always replaces the whole match. A name that the author defines is
not a habit, unless the pattern captures it in the group `name` instead of `at`.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

Groups = Mapping[str, str]
Rewriting = Callable[[Groups], str]


class Habit(NamedTuple):
    """A notation that authors bring from elsewhere: `lesson` says what a spec writes, `habit` what the notation is.

    `rewrite` is a template over the groups of the pattern, or a function of them. `advice` says what to do without a
    rewriting, or what else to do with one. `above` is a line that the rewritten one needs above it.
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
    """A pattern for brackets and their contents, nested as deeply as in any line worth a lesson."""
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
# An operand of the loosest operator: up to a comma, a bracket or the relation sign of the definition.
LOOSE = rf"(?:{PAREN}|{INDEX}|[=<>!]=|[^()\[\],=~])"
START = r"(?:(?<=[(,~])|(?<=[^=<>!:+*/-]=))"
END = r"(?=\s*(?:[),]|\Z))"
# A product: up to the next plus or minus sign.
PRODUCT = rf"(?:{PAREN}|{INDEX}|{BRACE}|(?<=[\^*/])\s*-|[^()\[\]{{}},=~<>+-])"


def wrapped(text: str) -> str:
    """The formula, in brackets if it could not be an operand without them."""
    text = text.strip()
    return text if re.fullmatch(OPERAND, text) else f"({text})"


def bare(text: str) -> str:
    """The formula without brackets around the whole."""
    text = text.strip()
    return text[1:-1].strip() if re.fullmatch(PAREN, text) else text


def arguments(brackets: str) -> list[str]:
    """The text between brackets, split at its top-level commas."""
    inner = brackets.strip()[1:-1]
    parts = re.findall(rf"(?:{PAREN}|{INDEX}|{BRACE}|[^(),\[\]{{}}])+", inner)
    return [part.strip() for part in parts if part.strip()]
