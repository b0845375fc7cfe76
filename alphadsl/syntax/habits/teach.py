"""A statement that the grammar or the checker refuses comes in; a lesson for each habit in it comes out, with the line
to write."""

import re
import unicodedata

from alphadsl.report.diagnostic import Diagnostic, Edit, Remedy
from alphadsl.report.errors.foreign import ForeignNotation
from alphadsl.report.errors.syntax import UnexpectedCharacter
from alphadsl.report.source import Source, Span
from alphadsl.syntax.characters import diagnose_character, plain_character
from alphadsl.syntax.habits.embeddings import EMBEDDINGS
from alphadsl.syntax.habits.functions import FUNCTIONS
from alphadsl.syntax.habits.habit import NAME, wrapped
from alphadsl.syntax.habits.objects import OBJECTS
from alphadsl.syntax.habits.quantities import QUANTITIES
from alphadsl.syntax.habits.reads import reads_as_definitions
from alphadsl.syntax.habits.rewrite import Occurrence, guesses_in, masked
from alphadsl.syntax.habits.statement import Statement
from alphadsl.syntax.habits.statistics import STATISTICS

LONGEST = 400
_NAMED = frozenset(habit.name for habit in (*EMBEDDINGS, *QUANTITIES, *STATISTICS, *FUNCTIONS, *OBJECTS))
_DEFINED = re.compile(rf"(?m)^[ \t]*(?:\w+[ \t]+){{0,2}}({NAME})[ \t]*(?:\([^()\n]*\)|\[[^][\n]*\])?[ \t]*[=~](?!=)")


def defined_in(source: Source) -> frozenset[str]:
    """The names that the lines of a source define."""
    return frozenset(match[1] for match in _DEFINED.finditer(source.text))


def teach(statement: Statement) -> tuple[Diagnostic, ...]:
    """One diagnostic for each known habit in a statement that cannot be parsed."""
    lessons = lessons_in(statement)
    return tuple(lesson for lesson, _ in lessons if lesson.remedies or not _is_of_names(lesson))


def lessons_in(statement: Statement) -> list[tuple[Diagnostic, tuple[Span, ...]]]:
    """Each lesson of a statement, with all places that show the habit."""
    if not statement.text.strip() or len(statement.text) > LONGEST:
        return []
    defined = defined_in(statement.source)
    habits, text = statement.habits(defined), statement.rewritten(defined)
    remedy = _added(statement, text) or _remedy(statement, text)
    above = next((habit.habit.above for habit in habits if habit.habit.above), "")
    if remedy and above:
        remedy = Remedy(remedy.advice, (*remedy.edits, _line_above(statement.span, above)))
    if not habits and not _strays(statement) and remedy:
        habits = guesses_in(statement.text, defined)
    if any(habit.habit.rewrite is None for habit in habits):
        remedy = None
    lessons = [
        (_lesson(statement, habit, remedy), tuple(_part(statement, *span) for span in (habit.whole, *habit.again)))
        for habit in habits
    ]
    for index in _strays(statement):
        if not _covered(index, habits):
            lessons.append((_stray(index, statement, remedy), (_part(statement, index, index + 1),)))
    return sorted(lessons, key=lambda lesson: lesson[0].span.start)


def _is_of_names(lesson: Diagnostic) -> bool:
    """Whether a habit is valid grammar, so that it cannot be why the statement is refused."""
    named = isinstance(lesson, ForeignNotation) and lesson.name in _NAMED
    return named and reads_as_definitions(f"it = {lesson.span.text}")


def _part(statement: Statement, start: int, end: int) -> Span:
    return Span(statement.source, statement.start + start, statement.start + end)


def _covered(index: int, habits: list[Occurrence]) -> bool:
    return any(habit.start <= index < habit.end for habit in habits)


def _strays(statement: Statement) -> list[int]:
    """The first index of each foreign character that has a replacement in the language."""
    first: dict[str, int] = {}
    for index, char in enumerate(masked(statement.text)):
        if plain := plain_character(char):
            first.setdefault("full width" if unicodedata.east_asian_width(char) == "F" else plain, index)
    return [*first.values()]


def _lesson(statement: Statement, occurrence: Occurrence, remedy: Remedy | None) -> Diagnostic:
    habit = occurrence.habit
    span = _part(statement, occurrence.start, occurrence.end)
    lesson = habit.lesson.replace("{at}", span.text)
    advice = habit.advice or (f"write {occurrence.plain} in its place" if occurrence.plain else "remove it")
    return ForeignNotation(span, habit.name, lesson, habit.habit, habit.advice if remedy else advice, remedy)


def _stray(index: int, statement: Statement, remedy: Remedy | None) -> UnexpectedCharacter:
    return diagnose_character(_part(statement, index, index + 1), remedy)


def _remedy(statement: Statement, text: str) -> Remedy | None:
    """The remedy that replaces the statement by `text`, if that parses."""
    span = statement.span
    if not text.strip():
        return Remedy("remove the line", (Edit(_whole_line(span), ""),))
    heads_loss = re.fullmatch(rf"loss {NAME} \{{", text) is not None
    if text == statement.text or not (heads_loss or reads_as_definitions(text)):
        return None
    edits = [Edit(span, _indented(span, text))]
    if heads_loss and not re.search(r"(?m)^[ \t]*\}", span.source.text[span.end :]):
        edits.append(_closing_brace(span))
    return Remedy(f"write {text}", tuple(edits))


def _line_above(span: Span, line: str) -> Edit:
    """An edit that inserts a line above a statement, or replaces the line of the loss that starts with the same
    word."""
    text, word = span.source.text, line.split()[0]
    start = max((head.start() for head in re.finditer(r"(?m)^[ \t]*loss\s", text[: span.start])), default=0)
    end = re.compile(r"\n[ \t]*loss\s|\Z").search(text, span.end)
    assert end
    if same := re.compile(rf"(?m)(?<=^)[ \t]*(?P<line>{word}\b[^\n#]*\w)").search(text, start, end.start()):
        return Edit(Span(span.source, *same.span("line")), line)
    return Edit(Span(span.source, span.start, span.start), _indented(span, f"{line}\n"))


def _closing_brace(span: Span) -> Edit:
    """An edit that inserts a closing brace after the indented lines that follow."""
    block = re.compile(r"(?:\n(?:[ \t]+[^\n]*)?)*").match(span.source.text, span.end)
    end = span.end + len(block[0].rstrip()) if block else span.end
    return Edit(Span(span.source, end, end), "\n}")


def _added(statement: Statement, text: str) -> Remedy | None:
    """The remedy that merges `c += 1` into the definition of c; None if there is no earlier definition."""
    parts = re.fullmatch(r"(?P<left>[^=~\n]*?[^=~\s+*/-])\s*(?P<o>[-+*/])=(?P<rest>[\s\S]*)", text)
    if parts is None:
        return None
    left, operator, rest = parts["left"], parts["o"], parts["rest"].strip()
    before = statement.source.text[: statement.start]
    first = [*re.finditer(rf"(?m)^[ \t]*(?P<head>{re.escape(left)}[ \t]*=)(?P<body>[^\n#]*)", before)]
    if not first:
        return None
    body = first[-1]["body"].strip()
    whole = f"{wrapped(body) if operator in '*/' else body} {operator} {wrapped(rest)}"
    start, end = first[-1].span("body")
    edits = (
        Edit(Span(statement.source, start, end), f" {whole}"),
        Edit(_whole_line(statement.span), ""),
    )
    return Remedy(f"write {left} = {whole}", edits)


def _whole_line(span: Span) -> Span:
    """The span with its indentation and line break, if nothing else is on the line."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    alone = not text[start : span.start].strip() and not text[span.end : end if end >= 0 else None].strip()
    return Span(span.source, start, len(text) if end < 0 else end + 1) if alone else span


def _indented(span: Span, text: str) -> str:
    start = span.source.text.rfind("\n", 0, span.start) + 1
    margin = re.match(r"[ \t]*", span.source.text[start : span.start])
    return text.replace("\n", f"\n{margin[0] if margin else ''}")
