"""One row of the table of mistakes: how it is recognised, and what is said about it."""

from enum import Enum, auto
from typing import NamedTuple


class At(Enum):
    """The place that the message points to."""

    FOUND = auto()
    FIRST = auto()
    BRACKET = auto()
    BRACE = auto()


class Mistake(NamedTuple):
    """A mistake fits if all words of `where` hold and the pattern `line` matches the kinds of lexemes around the place.

    The words are: `inside` or `outside` a loss; `bracket` or `unbracketed`; what could come next, which is an
    `operand`, an `operator`, a `bound` of an interval, a `name`, an `equal` sign, or the end of the line (`ends`); and
    `typo`, if the first word of the line is close to a keyword. A line has the form `PARAM NAME @ NUMBER _NEWLINE`: the
    parser stopped at the lexeme after the `@`.

    The texts may use {found}, {left} (the text before it), {name} (the first name of the line), {keyword} (the first
    word), {guess} (the intended keyword), {bracket} (the innermost open one) and {closing} (its partner).
    """

    name: str
    where: str
    line: str
    problem: str
    mark: str
    advice: str
    at: At = At.FOUND
    also: tuple[At, str] | None = None
