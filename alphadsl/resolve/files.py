"""Where named losses are found: in the same file, next to the file, then in the library that ships with the package.

Only a file called NAME.alpha, for an identifier NAME, is ever opened.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from alphadsl.folders import SPECS
from alphadsl.report.source import Source, Span
from alphadsl.syntax.parse import Parsed, parse_source
from alphadsl.syntax.tree import LossDef, SpecFile

SUFFIX = ".alpha"
LARGEST_FILE = 1 << 20


@dataclass(frozen=True)
class SpecText:
    """A source and the folder whose specs it may refer to."""

    source: Source
    folder: Path | None


@dataclass(frozen=True)
class WrittenLoss:
    """A loss as written: its definition, the file that contains it, and the text of that file."""

    definition: LossDef
    file: SpecFile
    text: SpecText

    @property
    def key(self) -> Span:
        """Identifies a loss: one with the same name in another file is a different loss."""
        return self.definition.span


@cache
def library_names() -> tuple[str, ...]:
    """The built-in losses, in alphabetical order."""
    return tuple(sorted(path.stem for path in SPECS.iterdir() if path.suffix == SUFFIX))


def find_spec(name: str, folder: Path | None) -> SpecText | None:
    """The spec called `name`, in the folder or in the library; None if there is none."""
    beside = folder / f"{name}{SUFFIX}" if folder else None
    if beside and beside.is_file():
        return SpecText(read_source(beside), folder)
    if name in library_names():
        text = (SPECS / f"{name}{SUFFIX}").read_text(encoding="utf-8")
        return SpecText(Source(f"specs/{name}{SUFFIX}", text), None)
    return None


def read_source(path: Path) -> Source:
    """Read a spec file; raises `OSError` or `UnicodeDecodeError`. A text longer than any spec may be is truncated, and
    refused later."""
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE)
    return Source(str(path), data.decode("utf-8"))


@lru_cache(maxsize=256)
def parsed(source: Source) -> Parsed:
    return parse_source(source)
