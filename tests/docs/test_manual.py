"""The manual holds: every spec in it is admitted or gets the message below it, every command and every piece of Python
runs and prints what is shown. `pytest --update-golden` writes the messages and outputs anew.

A line `...` of an output stands for any lines. A block below the comment `<!-- shown only -->` is not run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docs.execute import canonical, command, python, rendered, told_of
from tests.docs.page import Block, Page, read_page

pytestmark = pytest.mark.slow
DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
CONCISE = re.compile(r"\S+:\d+:\d+: (error|warning)\[")
PROMPT = "$ "


@dataclass
class Reading:
    """One page read from top to bottom, in a folder that holds its titled specs; what does not hold, by block."""

    page: Page
    folder: Path
    corrections: dict[Block, tuple[str, ...]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def read(self) -> None:
        following: list[Block | None] = [*self.page.blocks[1:], None]
        before: Block | None = None
        for block, after in zip(self.page.blocks, following, strict=True):
            match block.language:
                case _ if block.shown_only:
                    pass
                case "alpha":
                    self._check(block, after)
                case "python":
                    self._run(block, after)
                case "console":
                    self._type(block)
                case "error" if before is None or before.language != "alpha":
                    self._fault(block, "no spec stands before this message")
                case "output" if before is None or before.language != "python":
                    self._fault(block, "no Python stands before this output")
            before = block

    def _check(self, block: Block, after: Block | None) -> None:
        self._hold(block, canonical(block.text))
        name = block.title or "spec.alpha"
        if block.title:
            (self.folder / name).write_text(block.text, encoding="utf-8")
        told = told_of(name, block.text, self.folder)
        match after:
            case Block("error") as message:
                concise = bool(CONCISE.match(message.text))
                self._hold(message, rendered(told, self.folder, concise) or "nothing: the spec is admitted")
            case Block("console", _, (first, *_)) if first == f"{PROMPT}alphadsl check {name}":
                pass
            case _ if told:
                self._fault(block, rendered(told, self.folder))

    def _run(self, block: Block, after: Block | None) -> None:
        if block.title:
            (self.folder / block.title).write_text(block.text, encoding="utf-8")
        done, printed = python(block.text, self.page.place(block), self.folder)
        match after:
            case _ if not done:
                self._fault(block, printed)
            case Block("output") as output:
                self._hold(output, printed)
            case _ if printed.strip():
                self._fault(block, f"what it prints is not shown:\n{printed}")

    def _type(self, block: Block) -> None:
        body: list[str] = []
        for line, shown in commands(block):
            code, printed = command(line, self.folder)
            refused = code != 0 and not any("error" in each for each in shown)
            if refused:
                self._fault(block, f"{line}: exit code {code}\n{printed}")
            kept = refused or not shown or matches(shown, printed)
            body += [f"{PROMPT}{line}", *(shown if kept else stripped(printed))]
        if tuple(body) != block.body:
            self._correct(block, tuple(body))

    def _hold(self, block: Block, text: str) -> None:
        if stripped(text) != block.body:
            self._correct(block, stripped(text))

    def _correct(self, block: Block, body: tuple[str, ...]) -> None:
        self.corrections[block] = body
        self._fault(block, "it is, rather:\n" + "\n".join(body))

    def _fault(self, block: Block, text: str) -> None:
        self.faults.append(f"{self.page.place(block)}: {text}")


def commands(block: Block) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each command of a console block, with the lines that are shown below it."""
    starts = [at for at, line in enumerate(block.body) if line.startswith(PROMPT)]
    assert starts[:1] == [0], f"a console block begins with {PROMPT!r}: {block.body[:1]}"
    for start, end in zip(starts, [*starts[1:], len(block.body)], strict=True):
        yield block.body[start].removeprefix(PROMPT), block.body[start + 1 : end]


def stripped(text: str) -> tuple[str, ...]:
    """The lines of an output, without blanks that nobody sees."""
    return tuple(line.rstrip() for line in text.strip("\n").splitlines())


def matches(shown: tuple[str, ...], printed: str) -> bool:
    """Whether an output is as shown, where a line `...` stands for any lines."""
    pattern = "".join(r"(.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in stripped(printed))) is not None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_page_holds(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    reading = Reading(read_page(path), tmp_path)
    reading.read()
    if request.config.getoption("--update-golden"):
        reading.page.rewrite(reading.corrections)
        reading.faults = [fault for fault in reading.faults if "it is, rather:" not in fault]
    assert not reading.faults, "\n\n".join(reading.faults)


def test_at_most_one_block_of_the_tutorial_is_shown_only() -> None:
    assert sum(block.shown_only for block in read_page(DOCS / "tutorial.md").blocks) <= 1
