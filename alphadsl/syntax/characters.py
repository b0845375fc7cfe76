"""Characters that the language does not use: their names, and what to write instead."""

import unicodedata

from alphadsl.report.diagnostic import Remedy
from alphadsl.report.errors.syntax import UnexpectedCharacter
from alphadsl.report.source import Span

_REPLACEMENTS = {
    **dict.fromkeys("×·⋅∙∗", "write * for a product"),
    **dict.fromkeys("÷∕⁄", "write / for a quotient"),
    **dict.fromkeys("−–—‐‑‒", "write the plain sign -"),
    **dict.fromkeys("“”„«»", 'write a plain " around a description'),
    **dict.fromkeys("'‘’", 'a description is written between two "; a derivative needs a name without a prime'),
    "≤": "write <=",
    "≥": "write >=",
    "≠": "there is no such comparison; write where(a == b, ..., ...)",
    "!": "there is no such comparison; write where(a == b, ..., ...)",
    "∞": "write inf",
    "√": "write sqrt(x)",
    "∑": "write sum_j(...)",
    "∝": "write ~",
    "∼": "write the plain sign ~",
    "∈": "write in",
    "|": "write abs(x)",
    ":": "a definition is written with =, and a loss is opened by {",
    ".": "a number needs a digit next to its point, as in 0.5",
    "²": "write ^2",
    "³": "write ^3",
    "\N{NO-BREAK SPACE}": "write a plain space",
    "\r": "end lines with a line feed, or with a carriage return and a line feed",
}
_PLAIN = {
    **dict.fromkeys("×·⋅∙∗", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("−–—‐‑‒", "-"),
    **dict.fromkeys("∝∼", "~"),
    "≤": "<=",
    "≥": ">=",
    "∞": "inf",
    "∈": " in ",
    "\N{NO-BREAK SPACE}": " ",
}
_SIGNS = frozenset('(){}[]+-*/^=~<>,#"')
_LOOK_ALIKES = dict(
    zip("аеорсухіјѕԁһԛԝАВЕКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aeopcyxijsdhqwABEKMHOPCTYXABEZHIKMNOPTYXo", strict=True)
)


def plain_character(char: str) -> str:
    """The character that a spec uses in place of this one; empty if there is no direct replacement."""
    if char.isascii():
        return ""
    plain = unicodedata.normalize("NFKC", char)
    full_width = unicodedata.east_asian_width(char) == "F"
    return _PLAIN.get(char) or (plain if plain in _SIGNS or (full_width and len(plain) == 1) else "")


def diagnose_character(span: Span, remedy: Remedy | None = None) -> UnexpectedCharacter:
    char, after = span.text, span.source.text[span.end : span.end + 1]
    return UnexpectedCharacter(span, _name(char), _advice(char, after), remedy)


def _name(char: str) -> str:
    """`%`, or `U+0430 CYRILLIC SMALL LETTER A`."""
    if "!" <= char <= "~":
        return char
    name = unicodedata.name(char, "") or "(a character without a name)"
    kind = unicodedata.category(char)
    return f"U+{ord(char):04X} {'(a control character)' if kind == 'Cc' else name}"


def _advice(char: str, after: str) -> str:
    if char == "\\":
        command = "a Greek letter is its name, as in tau, and a function too, as in log(x)"
        return command if after.isalpha() else "a long formula can be wrapped inside brackets without any sign"
    if plain_character(char) and char not in _REPLACEMENTS:
        return f"write the plain sign {plain_character(char)}"
    if char in _REPLACEMENTS:
        return _REPLACEMENTS[char]
    if char in _LOOK_ALIKES:
        return f"it looks like the Latin letter {_LOOK_ALIKES[char]}, which is another character: write that one"
    plain = unicodedata.normalize("NFKC", char)
    if plain != char and plain in _SIGNS:
        return f"write the plain sign {plain}"
    match unicodedata.category(char)[0]:
        case "C" | "Z":
            return "remove this character, which cannot be seen"
        case "L" | "M" | "N":
            return "names are written in Latin or Greek letters, digits and _"
        case _:
            return "remove it, or put it into a comment: # ..."
