"""A page of the manual as its fenced blocks: Markdown comes in, blocks with their lines go out, and bodies that have
changed go back into the page. A fence that is indented or of an unknown language is refused, so that none is skipped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = {"", "text", "alpha", "error", "python", "output", "console"}
SHOWN_ONLY = "<!-- shown only -->"
FENCE = re.compile(r"( *)```([\w-]*)(?: +title=\"([^\"]+)\")?")


@dataclass(frozen=True)
class Block:
    """A fenced block: the line its body starts at, counted from 0, and whether it is shown without being run."""

    language: str
    title: str | None
    body: tuple[str, ...]
    line: int
    shown_only: bool

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.body)


@dataclass(frozen=True)
class Page:
    path: Path
    lines: tuple[str, ...]
    blocks: tuple[Block, ...]

    def place(self, block: Block) -> str:
        return f"{self.path}:{block.line}"

    def rewrite(self, bodies: Mapping[Block, tuple[str, ...]]) -> None:
        """Write the page with other bodies in some of its blocks."""
        lines = list(self.lines)
        for block in sorted(bodies, key=lambda block: -block.line):
            lines[block.line : block.line + len(block.body)] = bodies[block]
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def read_page(path: Path) -> Page:
    lines = tuple(path.read_text(encoding="utf-8").splitlines())
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        if not lines[at].lstrip().startswith("```"):
            at += 1
            continue
        opening = FENCE.fullmatch(lines[at])
        assert opening, f'{path}:{at + 1}: a fence is ```LANGUAGE, with title="FILE" or nothing behind it'
        indent, language, title = opening.groups()
        assert not indent, f"{path}:{at + 1}: a fence is not indented"
        assert language in LANGUAGES, f"{path}:{at + 1}: {language} is not one of {sorted(LANGUAGES)}"
        end = lines.index("```", at + 1)
        above = next((line for line in reversed(lines[:at]) if line.strip()), "")
        blocks.append(Block(language, title, lines[at + 1 : end], at + 1, above == SHOWN_ONLY))
        at = end + 1
    return Page(path, lines, tuple(blocks))
