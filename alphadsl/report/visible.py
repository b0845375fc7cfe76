"""Makes text safe to print: every character that could hide, move or restyle something is spelled out."""

import unicodedata
from functools import lru_cache

_TAB = " " * 4


@lru_cache(maxsize=1024)
def visible(char: str) -> str:
    """How a character is shown: as itself, as spaces for a tab, as `<U+200B>` if it is invisible."""
    if char == "\t":
        return _TAB
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    odd_space = unicodedata.category(char) == "Zs" and char != " "
    return f"<U+{ord(char):04X}>" if hidden or odd_space else char


def visible_text(text: str) -> str:
    return "".join(visible(char) for char in text)


def cells(text: str) -> int:
    """The number of terminal columns of a text: two for a wide character, none for a combining one."""
    return sum(map(_cells_of, visible_text(text)))


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
