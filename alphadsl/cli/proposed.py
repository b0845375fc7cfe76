"""Losses as commands take them: words come in; specs come out, with the result of a search for each if there is one.

A word is a built-in name, a spec file, a list of candidates (.jsonl), or a study of `sweep` or a search of `discover`,
by its name or folder. Heavy imports are inside the functions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alphadsl.api import find_text
from alphadsl.pipeline import lower_spec
from alphadsl.report.exceptions import InputError
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText
from runner.studies.marks import LIST, SEARCH, STUDY

if TYPE_CHECKING:
    from runner.studies.candidates import Candidate

ENDING = ".jsonl"


@dataclass(frozen=True)
class Proposed:
    """A loss and, if a search proposes it, its candidate and the name of the search."""

    text: SpecText
    candidate: "Candidate | None" = None
    search: str = ""

    @property
    def name(self) -> str:
        return lower_spec(self.text).loss.name


def proposed_by(words: Sequence[str], studies_dir: Path) -> list[Proposed]:
    """Every loss that the words name. Raises `InputError` for a word that names none."""
    return [loss for word in words for loss in _of_word(word, studies_dir)]


def _of_word(word: str, studies_dir: Path) -> Iterator[Proposed]:
    folder = _folder_of(word, studies_dir)
    if folder is None and not word.endswith(ENDING):
        yield Proposed(find_text(word))
        return
    from runner.studies.candidates import candidates_in, read_candidates

    path = folder or Path(word)
    search = path.name if folder else path.absolute().parent.name if path.name == LIST else path.stem
    for candidate in candidates_in(path) if folder else read_candidates(path):
        source = Source(f"{path} ({candidate.name})", candidate.spec)
        yield _checked(Proposed(SpecText(source, Path.cwd()), candidate, search), candidate.name, path)


def _checked(proposed: Proposed, name: str, path: Path) -> Proposed:
    """Raises `InputError` if the spec of a candidate defines a loss of another name."""
    if proposed.name != name:
        raise InputError(f"{path}: the spec of the candidate {name} defines {proposed.name}.", "Give both one name.")
    return proposed


def _folder_of(word: str, studies_dir: Path) -> Path | None:
    """The folder of a study or a search with this name or path."""
    place = Path(word).parent if word.endswith((STUDY, SEARCH)) else Path(word)
    places = (place, studies_dir / word)
    return next((path for path in places if any((path / mark).is_file() for mark in (STUDY, SEARCH))), None)
