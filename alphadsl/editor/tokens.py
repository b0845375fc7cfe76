"""The kind of each name in a text, for colours that no pattern can determine: losses, parameters, arguments,
definitions."""

from collections.abc import Iterator

from alphadsl.editor.positions import Positions
from alphadsl.editor.symbols import Role, lexemes_of, meaning
from alphadsl.editor.vocabulary import ALL_REDUCTIONS, CHOICES, FUNCTIONS
from alphadsl.resolve.files import SpecText
from alphadsl.resolve.names import FAMILY_PARTS, QUANTITIES

TYPES = ("class", "parameter", "function", "property", "variable", "enumMember")
MODIFIERS = ("declaration", "defaultLibrary")
_TYPES = {
    Role.LOSS: "class",
    Role.PARAMETER: "parameter",
    Role.FUNCTION: "function",
    Role.QUANTITY: "property",
    Role.CONSTANT: "property",
    Role.ARGUMENT: "variable",
}
MOST_NAMES = 2_000


def semantic_tokens(text: SpecText, positions: Positions) -> list[int]:
    """Five numbers for each name: lines and characters since the previous one, its length, type and modifiers."""
    data: list[int] = []
    line = character = 0
    for start, end, kind, modifiers in _names(text):
        at, until = positions.position(start), positions.position(end)
        before = character if at.line == line else 0
        length = until.character - at.character
        data += [at.line - line, at.character - before, length, TYPES.index(kind), modifiers]
        line, character = at.line, at.character
    return data


def _names(text: SpecText) -> Iterator[tuple[int, int, str, int]]:
    named = [(index, lexeme) for index, lexeme in enumerate(lexemes_of(text.source)) if lexeme.type == "NAME"]
    for index, lexeme in named[:MOST_NAMES]:
        symbol, name, span = meaning(text, index), str(lexeme), lexeme.span
        if symbol and name not in FAMILY_PARTS:
            yield span.start, span.end, _TYPES[symbol.role], int(symbol.span == span)
        elif name in FAMILY_PARTS or name in FUNCTIONS or name in ALL_REDUCTIONS:
            yield span.start, span.end, "function", 2
        elif name in QUANTITIES:
            yield span.start, span.end, "property", 2
        elif name in CHOICES:
            yield span.start, span.end, "enumMember", 2
