"""The source lines that a diagnostic is about, each with marks under it.

The file of the primary span comes first, each further file after a `:::` line. A line too long for a terminal is cut
around its marks; a mark is as wide as the text above it, whatever the width of the characters.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, repeat
from typing import NamedTuple

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Source, Span
from alphadsl.report.visible import cells, visible_text

_WIDEST = 100
_LEAD = 24
_MOST_LINES = 4
_CUT = "..."


class Mark(NamedTuple):
    """The columns of one line, from `start` up to `end` counted from 0, underlined with `sign`."""

    line: int
    start: int
    end: int
    sign: str
    text: str


def render_excerpts(diagnostic: Diagnostic) -> Iterator[str]:
    """Every excerpt, and finally the empty gutter line that separates them from the remarks."""
    labelled = [(diagnostic.span, "^", diagnostic.label)]
    labelled += [(label.span, "-", label.text) for label in diagnostic.secondary]
    files: dict[Source, list[Span]] = {}
    for span, _, _ in labelled:
        files.setdefault(span.source, []).append(span)
    gutter = max(len(str(span.source.position(span.end)[0])) for span, _, _ in labelled)
    for (source, spans), arrow in zip(files.items(), chain(["-->"], repeat(":::")), strict=False):
        line, column = spans[0].position
        yield f" {'':{gutter}}{arrow} {visible_text(source.name)}:{line}:{column}"
        yield f" {'':{gutter}} |"
        marks = [mark for span, sign, text in labelled if span.source == source for mark in _marks(span, sign, text)]
        yield from _marked_lines(source, marks, gutter)
    yield f" {'':{gutter}} |"


def _marks(span: Span, sign: str, text: str) -> list[Mark]:
    """One mark for each line of a span; for a long span, only for its first and last line. The last mark has the
    text."""
    first, start = span.position
    last, end = span.source.position(max(span.start, span.end - 1))
    numbers = [*range(first, last + 1)]
    if len(numbers) > _MOST_LINES:
        numbers = [first, last]
    marks = []
    for number in numbers:
        content = span.source.line(number)
        left = start - 1 if number == first else len(content) - len(content.lstrip())
        right = end if number == last else len(content.rstrip())
        if left < right:
            marks.append(Mark(number, left, right, sign, ""))
    marks = marks or [Mark(first, start - 1, start, sign, "")]
    return [*marks[:-1], marks[-1]._replace(text=text)]


def _marked_lines(source: Source, marks: Iterable[Mark], gutter: int) -> Iterator[str]:
    ordered = sorted(marks, key=lambda mark: (mark.line, mark.start))
    for number, on_line in groupby(ordered, key=lambda mark: mark.line):
        yield from _marked_line(source.line(number), f" {number:{gutter}} |", [*on_line])


def _marked_line(content: str, number: str, marks: list[Mark]) -> Iterator[str]:
    """The line with its marks; repeated for marks that are too far to the right to be shown with the first."""
    start, stop = _window(content, marks[0])
    left, right = _CUT if start else "", _CUT if stop < len(content) else ""
    yield f"{number} {left}{visible_text(content[start:stop])}{right}".rstrip()
    seen = [mark for mark in marks if mark.start <= stop]
    for mark in seen:
        before, under = content[start : mark.start], content[mark.start : min(mark.end, stop)]
        # A combining character has no column of its own: the mark goes under its base letter.
        column = len(left) + cells(before) - (1 if under and not cells(under) and before else 0)
        signs = mark.sign * max(1, cells(under))
        yield f"{'|':>{len(number)}} {' ' * column}{signs} {visible_text(mark.text)}".rstrip()
    if len(seen) < len(marks):
        yield from _marked_line(content, number, marks[len(seen) :])


def _window(content: str, mark: Mark) -> tuple[int, int]:
    """The part of a line to show, such that it fits and contains the start of the mark."""
    start = 0
    if cells(content[: mark.end]) > _WIDEST:
        start = max(0, mark.start - _LEAD)
        while cells(content[start : mark.start]) > _LEAD:
            start += 1
    stop = min(len(content), start + _WIDEST)
    while cells(content[start:stop]) > _WIDEST:
        stop -= 1
    return start, stop
