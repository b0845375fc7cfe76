"""The names available at a position of a text that may be incomplete: read from its lines, so that it need not parse.

Losses are found as the checker finds them: in the text, in the folder of its file, in the library.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from alphadsl.resolve.files import SUFFIX, SpecText, find_spec, library_names
from alphadsl.syntax.spelling import spell

NAME = r"[^\W\d]\w*"
_HEAD = re.compile(rf"(?m)^[ \t]*loss[ \t]+({NAME})(?:[ \t]+extends[ \t]+({NAME}))?[ \t]*[{{=]")
_DECLARED = re.compile(rf"(?m)^[ \t]*(param|learn)[ \t]+({NAME})[ \t]*=.*$")
_DEFINED = re.compile(rf"(?m)^[ \t]*({NAME})[ \t]*(\([^()\n]*\)|\[[^][\n]*\])?[ \t]*(?:=(?!=)|~).*$")
_QUIET = re.compile(r'#[^\n]*|"[^"\n]*"?')
_LONGEST_CHAIN = 16


@dataclass(frozen=True)
class Head:
    """A loss of a text: its name, its parent, and its lines."""

    name: str
    parent: str
    body: str
    start: int


@dataclass(frozen=True)
class Known:
    """A name of the author's, as written in use, and the line that defines it."""

    name: str
    usage: str
    line: str
    parameter: bool
    loss: str


def without_quiet(text: str) -> str:
    """The text with comments and descriptions replaced by spaces, so that offsets stay the same."""
    return _QUIET.sub(lambda match: " " * len(match[0]), text)


def heads(text: str) -> list[Head]:
    matches = [*_HEAD.finditer(text)]
    ends = [*(match.start() for match in matches[1:]), len(text)]
    return [
        Head(_spelled(match[1]), _spelled(match[2] or ""), text[match.end() : end], match.start())
        for match, end in zip(matches, ends, strict=False)
    ]


def loss_around(text: str, offset: int) -> Head | None:
    """The loss whose lines contain a position, or None."""
    return next((head for head in reversed(heads(text)) if head.start <= offset), None)


def find_head(name: str, text: SpecText, child: Head | None = None) -> tuple[Head, SpecText] | None:
    """The loss with this name and the text that it is in, or None."""
    here = [head for head in heads(text.source.text) if head.name == name and head != child]
    if here:
        return here[0], text
    for folder in (text.folder, None):
        try:
            other = find_spec(name, folder)
        except (OSError, UnicodeDecodeError):
            return None
        named = [head for head in heads(other.source.text) if head.name == name and head != child] if other else []
        if other and named:
            return named[0], other
    return None


def known_names(head: Head, text: SpecText) -> dict[str, Known]:
    """The parameters and definitions of a loss and its parents; those of the loss take precedence."""
    names: dict[str, Known] = {}
    for ancestor in _lineage(head, text):
        for known in _own(ancestor):
            names.setdefault(known.name, known)
    return names


def inherited_names(head: Head, text: SpecText) -> dict[str, Known]:
    parent = find_head(head.parent, text, head) if head.parent else None
    return known_names(*parent) if parent else {}


def loss_names(text: SpecText) -> list[str]:
    """Every loss that this text may refer to."""
    try:
        beside = [path.stem for path in sorted(text.folder.glob(f"*{SUFFIX}"))] if text.folder else []
    except OSError:
        beside = []
    return [*dict.fromkeys([*(head.name for head in heads(text.source.text)), *beside, *library_names()])]


def _lineage(head: Head, text: SpecText) -> Iterator[Head]:
    for _ in range(_LONGEST_CHAIN):
        yield head
        parent = find_head(head.parent, text, head) if head.parent else None
        if parent is None:
            return
        head, text = parent


def _own(head: Head) -> Iterator[Known]:
    for match in _DECLARED.finditer(head.body):
        yield Known(_spelled(match[2]), _spelled(match[2]), match[0].strip(), True, head.name)
    for match in _DEFINED.finditer(head.body):
        yield Known(_spelled(match[1]), f"{match[1]}{match[2] or ''}", match[0].strip(), False, head.name)


def _spelled(name: str) -> str:
    return spell(name) or name
