"""Diagnostics about names and indices come in; those caused by a habit from elsewhere come out as its lesson."""

from collections.abc import Iterable

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.domains import NotANumber
from alphadsl.report.errors.families import NoFamily
from alphadsl.report.errors.foreign import ForeignNotation
from alphadsl.report.errors.levels import IndexMismatch, LevelMismatch, WrongArity, WrongUse
from alphadsl.report.errors.names import UnknownName
from alphadsl.report.errors.references import NamedArgument
from alphadsl.report.source import Span
from alphadsl.syntax.habits.statement import statement_at
from alphadsl.syntax.habits.teach import lessons_in
from alphadsl.syntax.tree import SpecFile

_OF_NAMES = UnknownName | WrongUse | IndexMismatch | WrongArity | NamedArgument | LevelMismatch | NotANumber
_HEADS = ("loss-name", "indices-below")
MOST_TAUGHT = 12


def teach_habits(file: SpecFile, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Report each habit of a statement once, instead of all diagnostics about its parts."""
    told = [*diagnostics]
    at_fault = [diagnostic for diagnostic in told if isinstance(diagnostic, _OF_NAMES)]
    spans = [item.span for loss in file.losses for item in loss.items]
    blamed = [span for span in spans if any(_meet(span, diagnostic.span) for diagnostic in at_fault)]
    for span in blamed[:MOST_TAUGHT]:
        lessons = lessons_in(statement_at(span.source, span.start, span.end))
        for lesson, places in lessons:
            meant = [each for each in at_fault if any(_meet(place, each.span) for place in places)]
            if meant and meant[0] in told:
                told[told.index(meant[0])] = lesson
            told = [each for each in told if each not in meant]
    if any(isinstance(lesson, ForeignNotation) and lesson.name in _HEADS for lesson in told):
        told = [each for each in told if not isinstance(each, NoFamily)]
    return tuple(told)


def _meet(one: Span, other: Span) -> bool:
    return one.source == other.source and one.start < other.end and other.start < one.end
