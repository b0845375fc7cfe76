"""Finds where a statement that cannot be parsed starts and ends, possibly on lines before and after the faulty one."""

import re
from dataclasses import dataclass

from alphadsl.report.source import Source, Span
from alphadsl.syntax.habits.blocks import BLOCKS
from alphadsl.syntax.habits.habit import NAME, PAREN, Habit
from alphadsl.syntax.habits.rewrite import Occurrence, apply, compiled, habits_in, masked, rewritten

_OPERATOR = re.compile(r"[ \t]*(?P<at>[*/^<>]|[-+](?!\s*\d+\s*$)|\|\|?|&&?|·|×|−)(?!=)(?<!#)")
_COMMENT = re.compile(r"[ \t]*(?:--(?=\s)|//|/\*|#|$)")
_BREAKS_OFF = re.compile(r"(?P<at>[-+*/^=~,<>\\])[ \t]*$")
_STARTS = re.compile(rf"[ \t]*(?:(?:param|learn|set)\s+)?{NAME}\s*(?:{PAREN}|\[[^][\n]*\])?\s*[=~]")
_ADDED = re.compile(r"(?P<left>[^=~\n]*?[^=~\s+*/-])\s*(?P<at>(?P<o>[-+*/])=)(?P<rest>[\s\S]*)")
_ENDS = re.compile(r"\s*[}]\s*$")
_WIDEST = 100
_MOST_LINES = 12

WRAPPED = Habit(
    "continuation",
    "",
    "a formula ends with its line, unless a bracket is open",
    "a formula that goes on in another line",
    "{at}",
)
ADDED = Habit(
    "augmented-assignment",
    "",
    "a name has one definition, which nothing adds to later",
    "an assignment of another language",
    "{at}",
)


@dataclass(frozen=True)
class Statement:
    """A part of a source that its author meant as one definition."""

    source: Source
    start: int
    end: int
    block: tuple[Habit, re.Match[str]] | None = None
    continued: int | None = None

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def span(self) -> Span:
        return Span(self.source, self.start, self.end)

    def habits(self, defined: frozenset[str]) -> list[Occurrence]:
        """The habits in the statement, with positions relative to its start."""
        habits = habits_in(self.text, defined)
        if self.block:
            habit, match = self.block
            start = match.start("e") if "e" in match.re.groupindex else match.end()
            habits = [other for other in habits if other.start >= start and other.habit.name != habit.name]
            habits.insert(0, Occurrence(habit, match.start("at"), match.end("at"), match.span()))
        if self.continued is not None:
            at = self.continued - self.start
            if not any(other.start <= at < other.end for other in habits):
                habits.append(Occurrence(WRAPPED, at, at + 1, (at, at + 1)))
        if added := _ADDED.fullmatch(self.text):
            habits.append(Occurrence(ADDED, *added.span("at"), added.span()))
        return sorted(habits, key=lambda other: other.start)

    def rewritten(self, defined: frozenset[str]) -> str:
        text = self.text
        if self.block and self.block[0].rewrite is not None:
            habit, match = self.block
            text = apply(habit, match, text) + text[match.end() :]
        if self.continued is not None:
            text = _joined(text)
        return rewritten(text, defined)


def statement_at(source: Source, start: int, end: int) -> Statement:
    """The statement from `start` to `end`, and the lines before and after that belong to it."""
    text = source.text
    for habit in BLOCKS:
        if match := compiled(habit.pattern).match(text[start:]):
            return Statement(source, start, max(end, start + match.end()) if match else end, (habit, match))
    end = _before_brace(text, start, end)
    continued: int | None = None
    if _goes_on(text[start:end]):
        first = _first_line(text, start)
        if first is not None:
            continued, start = start, first
    if broken := _BREAKS_OFF.search(masked(text[start:end])):
        after = text[end + 1 : _line_end(text, end + 1)]
        if after.strip() and not _STARTS.match(after) and not _COMMENT.match(after) and after.strip() != "}":
            continued = start + broken.start("at") if continued is None else continued
            end = _line_end(text, end + 1)
    for _ in range(_MOST_LINES):
        after = text[end + 1 : _line_end(text, end + 1)]
        if text[end : end + 1] != "\n" or not _goes_on(after):
            break
        operator = _OPERATOR.match(after)
        assert operator
        continued = end + 1 + operator.start("at") if continued is None else continued
        end = _line_end(text, end + 1)
    return Statement(source, start, end, None, continued)


def _before_brace(text: str, start: int, end: int) -> int:
    """The end of the statement: before the brace that closes its loss, if that is on the same line."""
    depth = 0
    for place, char in enumerate(masked(text[start:end])):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            return start + len(text[start : start + place].rstrip())
    return start + len(text[start:end].rstrip())


def _goes_on(line: str) -> bool:
    return bool(_OPERATOR.match(line)) and not _COMMENT.match(line)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _first_line(text: str, start: int) -> int | None:
    """The start of the definition that a line continues; None if there is none."""
    for _ in range(_MOST_LINES):
        end = text.rfind("\n", 0, start)
        if end < 0:
            return None
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end]
        if _STARTS.match(masked(line)):
            return start + len(line) - len(line.lstrip())
    return None


def _joined(text: str) -> str:
    """The statement on one line if it fits, otherwise wrapped in brackets."""
    lines = [re.sub(r"\s*\\\s*$", "", line).strip() for line in text.split("\n")]
    line = " ".join(lines)
    if "#" not in text and len(line) <= _WIDEST:
        return line
    match re.split(r"(?<=[^=<>])([=~])(?!=)", "\n    ".join(lines), maxsplit=1):
        case [head, sign, body]:
            return f"{head}{sign} ({body.strip()}\n  )"
        case _:
            return text
