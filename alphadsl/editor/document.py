"""A text in an editor, and what the checker says about it. Nothing is refused: an invalid text has diagnostics."""

from dataclasses import dataclass
from pathlib import Path

from alphadsl.journey import Journey
from alphadsl.pipeline import Checked, check_spec
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText, parsed
from alphadsl.syntax.tree import SpecFile

MOST_KEPT = 200


@dataclass(frozen=True)
class Document:
    text: SpecText
    file: SpecFile | None
    checked: Checked

    @property
    def source(self) -> Source:
        return self.text.source

    def journey(self, name: str) -> Journey | None:
        """The journey of an admitted loss of this text; None if there is no such loss or it was refused."""
        return next((journey for journey in self.checked.journeys if journey.loss.name == name), None)


def spec_text(name: str, text: str, path: Path | None) -> SpecText:
    """The text of an editor, which may refer to the specs in the folder of its file."""
    return SpecText(Source(name, text), path.parent if path else None)


def read_document(text: SpecText) -> Document:
    if parsed.cache_info().currsize > MOST_KEPT:
        parsed.cache_clear()  # every keystroke makes another text
    return Document(text, parsed(text.source).file, check_spec(text))
