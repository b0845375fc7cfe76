"""Positions of the Language Server Protocol: lines and code units, both counted from 0, converted to and from character
offsets.

All conversions are here. A position outside the text is clamped to it.
"""

import re
from bisect import bisect_right
from collections.abc import Callable

from lsprotocol.types import Position, Range

from alphadsl.report.source import Span

Units = Callable[[str], int]
_LINE_END = re.compile(r"\r\n|\n|\r")


class Positions:
    """The lines of a text; `units` counts what the client counts, UTF-16 code units unless agreed otherwise."""

    def __init__(self, text: str, units: Units) -> None:
        self._text, self._units = text, units
        ends = [*_LINE_END.finditer(text)]
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]

    def position(self, offset: int) -> Position:
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        return Position(line, self._units(self._text[start : min(offset, self._ends[line])]))

    def offset(self, position: Position) -> int:
        if position.line >= len(self._starts):
            return len(self._text)
        left, offset = position.character, self._starts[position.line]
        while offset < self._ends[position.line] and left > 0:
            left -= self._units(self._text[offset])
            offset += 1
        return offset

    def range(self, start: int, end: int) -> Range:
        return Range(self.position(start), self.position(end))

    def range_of(self, span: Span) -> Range:
        return self.range(span.start, span.end)

    @property
    def everything(self) -> Range:
        return self.range(0, len(self._text))


def utf16(text: str) -> int:
    """The number of UTF-16 code units of a text."""
    return sum(2 if char > "\uffff" else 1 for char in text)
