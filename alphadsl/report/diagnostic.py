"""What a user is told about a spec: the base class of everything that can be wrong.

A subclass holds the facts as fields, and the prose as templates over those fields. The renderer decides where the prose
is printed; the checker finds the facts, and reports each in one line of code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self, dataclass_transform

from alphadsl.report.source import Source, Span


class Severity(StrEnum):
    """An error refuses the spec; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Label:
    """A further place that helps to explain the fault, and what is there."""

    span: Span
    text: str


@dataclass(frozen=True)
class Edit:
    """A replacement for a span of a source; for an empty span, an insertion."""

    span: Span
    text: str


@dataclass(frozen=True)
class Remedy:
    """What to do about a fault, in words, and the edits that do it; an editor offers them as one action."""

    advice: str
    edits: tuple[Edit, ...]

    def applied_to(self, source: Source) -> Source:
        """The source after the advice is followed; edits of other sources are ignored."""
        text = source.text
        for edit in sorted(self.edits, key=lambda edit: edit.span.start, reverse=True):
            if edit.span.source == source:
                text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        return Source(source.name, text)


def replacement(span: Span, text: str) -> Remedy:
    return Remedy(f"write {text}", (Edit(span, text),))


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
@dataclass(frozen=True)
class Diagnostic:
    """A fault in a spec. The docstring of a subclass is its page in `alphadsl explain CODE`, together with a spec that
    has the fault (`wrong`), the files needed next to it (`beside`), and a correct spec (`right`).

    A subclass becomes a frozen dataclass when its first instance is made: there are about a hundred, a command uses
    few, and generating the methods of all would take longer than checking a loss.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    title_template: ClassVar[str]
    label_template: ClassVar[str] = ""
    note_template: ClassVar[str] = ""
    help_template: ClassVar[str] = ""
    wrong: ClassVar[str]
    right: ClassVar[str]
    beside: ClassVar[Mapping[str, str]] = {}

    span: Span
    works: tuple[Remedy, ...] | None = field(default=None, kw_only=True, compare=False, repr=False)

    def __new__(cls, *_: object, **__: object) -> Self:
        for part in reversed(cls.__mro__):
            if issubclass(part, Diagnostic) and "__dataclass_fields__" not in vars(part):
                dataclass(frozen=True)(part)
        return super().__new__(cls)

    @property
    def title(self) -> str:
        return self.title_template.format(**vars(self))

    @property
    def label(self) -> str:
        return self.label_template.format(**vars(self))

    @property
    def note(self) -> str:
        return self.note_template.format(**vars(self))

    @property
    def help(self) -> str:
        return self.help_template.format(**vars(self))

    @property
    def secondary(self) -> tuple[Label, ...]:
        return ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The remedies that can be applied as they are, the best first."""
        return ()

    @property
    def offered(self) -> tuple[Remedy, ...]:
        """The remedies that were tried and work; none if none was tried."""
        return self.works or ()


def errors_of(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics that refuse a loss; the others are warnings."""
    return tuple(diagnostic for diagnostic in diagnostics if diagnostic.severity == Severity.ERROR)
