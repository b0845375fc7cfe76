"""The evidence for a refusal: the parameters that a proof depends on, and values at which a property fails.

The facts come from the checker; this module puts them into words.
"""

from dataclasses import dataclass
from enum import StrEnum

from alphadsl.report.diagnostic import Edit, Label, Remedy
from alphadsl.report.source import Span


class Sign(StrEnum):
    """The signs that a parameter may have in its interval."""

    POSITIVE = "positive"
    ZERO_TOO = "positive or 0"
    NEGATIVE = "negative"
    ANY = "of either sign"


@dataclass(frozen=True)
class Bound:
    """A parameter that a proof depends on, with the span of its interval or, if it has none, of its name."""

    name: str
    span: Span
    declared: bool
    sign: Sign

    @property
    def label(self) -> Label:
        if not self.declared:
            return Label(self.span, f"without an interval, {self.name} may be any number")
        return Label(self.span, f"so {self.name} is {self.sign}")


@dataclass(frozen=True)
class Example:
    """A value, and the parameters, distances and arguments at which it was found."""

    at: tuple[tuple[str, float], ...]
    value: float

    @property
    def place(self) -> str:
        return ", ".join(f"{name} = {shown(value)}" for name, value in self.at)


def shown(value: float) -> str:
    """A number to four digits."""
    return f"{value + 0.0:.4g}"


def declare(memberships: tuple[str, ...]) -> str:
    """The advice to narrow the intervals of parameters, each given as `tau in (0, inf)`."""
    return f"declare {' and '.join(memberships)}: then it is proved" if memberships else ""


def declaring(memberships: tuple[str, ...], edits: tuple[Edit, ...]) -> tuple[Remedy, ...]:
    """The same advice as a remedy with edits."""
    return (Remedy(declare(memberships), edits),) if memberships and edits else ()


def rewriting(span: Span, *ways: tuple[str, str]) -> tuple[Remedy, ...]:
    """Remedies that replace a formula. Each way is advice and a template, in which `{}` stands for the formula."""
    written = span.text
    if "#" in written:
        return ()
    return tuple(Remedy(advice, (Edit(span, form.replace("{}", written)),)) for advice, form in ways)


def first_advice(offered: tuple[Remedy, ...]) -> str:
    return offered[0].advice if offered else ""


def meant_or_written(at: Span, similar: Span | None, name: str, line: str, advice: str) -> tuple[Remedy, ...]:
    """Remedies for a missing part of a family: correct the name that may be its misspelling (`similar`), or insert a
    line above another part."""
    meant = (Remedy(f"write {name}", (Edit(similar, name),)),) if similar else ()
    start = at.source.text.rfind("\n", 0, at.start) + 1
    before = at.source.text[start : at.start]
    above = f"{line}\n{before if not before.strip() else '  '}"
    return (*meant, Remedy(advice, (Edit(Span(at.source, at.start, at.start), above),)))
