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
    reported = [*diagnostics]
    at_fault = [diagnostic for diagnostic in reported if isinstance(diagnostic, _OF_NAMES)]
    spans = [item.span for loss in file.losses for item in loss.items]
    blamed = [span for span in spans if any(_meet(span, diagnostic.span) for diagnostic in at_fault)]
    for span in blamed[:MOST_TAUGHT]:
        lessons = lessons_in(statement_at(span.source, span.start, span.end))
        for lesson, places in lessons:
            meant = [diagnostic for diagnostic in at_fault if any(_meet(place, diagnostic.span) for place in places)]
            if meant and meant[0] in reported:
                reported[reported.index(meant[0])] = lesson
            reported = [diagnostic for diagnostic in reported if diagnostic not in meant]
    if any(isinstance(lesson, ForeignNotation) and lesson.name in _HEADS for lesson in reported):
        reported = [diagnostic for diagnostic in reported if not isinstance(diagnostic, NoFamily)]
    return tuple(reported)


def _meet(span: Span, other: Span) -> bool:
    return span.source == other.source and span.start < other.end and other.start < span.end
