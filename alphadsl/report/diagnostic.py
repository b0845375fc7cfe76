"""What a user is told about a spec: one frozen dataclass for everything that can be wrong.

A subclass holds the facts as fields and the prose as templates over those fields. Where the prose is printed is the
renderer's business; where a fact is found is the checker's, and a raise site there is one line.
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
    """A further place that explains the first, and what to see there."""

    span: Span
    text: str


@dataclass(frozen=True)
class Edit:
    """What a place of a source is replaced by; at an empty span, what is inserted there."""

    span: Span
    text: str


@dataclass(frozen=True)
class Remedy:
    """What to do about a fault, in words, and the edits that do it: an editor offers them as one action."""

    advice: str
    edits: tuple[Edit, ...]

    def applied_to(self, source: Source) -> Source:
        """The source as it is once the advice is followed; edits of other sources are left out."""
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
    """One fault of a spec. The docstring of a subclass is its page in `alphadsl explain CODE`, with a spec that has
    the fault, what files must lie beside it for that, and a spec that is right.

    A subclass is a frozen dataclass too, which it becomes when one is made: there are a hundred, a command makes few,
    and to write the methods of all would take longer than to check a loss.
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
        """The ways out that can be taken as they stand, the best first."""
        return ()

    @property
    def offered(self) -> tuple[Remedy, ...]:
        """The remedies that were tried and work; none where none was tried."""
        return self.works or ()


def errors_of(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those that refuse a loss; the others are warnings."""
    return tuple(diagnostic for diagnostic in diagnostics if diagnostic.severity == Severity.ERROR)
