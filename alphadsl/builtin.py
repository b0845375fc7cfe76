"""The index of the built-in losses: each spec checked, with the first line of its comment, which cites its paper.

The module is not called library, because importing it would then hide the function `alphadsl.library`.
"""

from dataclasses import dataclass

from alphadsl.ir.nodes import Loss
from alphadsl.journey import Journey
from alphadsl.pipeline import lower_spec
from alphadsl.resolve.files import SpecText, find_spec, library_names


@dataclass(frozen=True)
class Entry:
    """A loss, and its paper in one line."""

    journey: Journey
    summary: str

    @property
    def loss(self) -> Loss:
        return self.journey.loss


def library_entries() -> tuple[Entry, ...]:
    return tuple(_entry(name) for name in library_names())


def summary_of(text: SpecText) -> str:
    """The first line of a spec's opening comment; empty if it has none."""
    first = text.source.text.partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def _entry(name: str) -> Entry:
    text = find_spec(name, None)
    assert text is not None, name
    return Entry(lower_spec(text), summary_of(text))
