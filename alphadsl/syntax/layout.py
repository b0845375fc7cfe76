"""Documents that know where they may break come in; text comes out, no wider than requested if possible.

A document is laid out on one line if it fits; otherwise its outermost group breaks at every place where it can. A
comment inside a formula ends its line, so the groups around it always break.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

STEP = 2


@dataclass(frozen=True)
class Choice:
    """A text that differs between a group on one line and a broken one."""

    flat: str
    broken: str


@dataclass(frozen=True)
class Remark:
    """A comment inside a formula: on the line of the text before it, or on a line of its own."""

    text: str
    own_line: bool


@dataclass(frozen=True)
class Line:
    """A possible line break; `flat` is the text if the group is not broken."""

    flat: str
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Nest:
    """Parts whose lines are indented by one more step."""

    parts: tuple["Doc", ...]


@dataclass(frozen=True)
class Group:
    """Parts whose line breaks are either all used or none."""

    parts: tuple["Doc", ...]

    @cached_property
    def must_break(self) -> bool:
        return _remarked(self.parts)


Doc = str | Choice | Line | Nest | Group


def _remarked(parts: Sequence[Doc]) -> bool:
    for part in parts:
        match part:
            case Line(_, remarks) if remarks:
                return True
            case Group() if part.must_break:
                return True
            case Nest(inner) if _remarked(inner):
                return True
    return False


@dataclass(frozen=True)
class _Open:
    """A document still to be written, the indentation of its lines, and whether its group is broken."""

    indent: int
    broken: bool
    doc: Doc


def lay_out(doc: Doc, column: int, indent: int, width: float = inf) -> str:
    """The text of a document that starts at `column`; its further lines are indented by at least `indent`."""
    written: list[str] = []
    todo = [_Open(indent, False, doc)]
    while todo:
        now = todo.pop()
        match now.doc:
            case str(text):
                written.append(text)
                column += len(text)
            case Choice(flat, broken):
                written.append(broken if now.broken else flat)
                column += len(written[-1])
            case Line(_, remarks) if now.broken:
                margin = " " * now.indent
                written += [f"\n{margin}{remark.text}" if remark.own_line else f"  {remark.text}" for remark in remarks]
                written.append("\n" + margin)
                column = now.indent
            case Line(flat):
                written.append(flat)
                column += len(flat)
            case Nest(parts):
                todo += [_Open(now.indent + STEP, now.broken, part) for part in reversed(parts)]
            case Group(parts) as group:
                breaks = group.must_break or not _fits(group, todo, width - column)
                todo += [_Open(now.indent, breaks, part) for part in reversed(parts)]
    return "".join(written)


def _fits(group: Group, after: Sequence[_Open], room: float) -> bool:
    """Whether a group fits on the line, together with what follows it up to the next line break."""
    if room == inf:
        return True
    todo: list[_Open] = [_Open(0, False, group)]
    rest = len(after)
    while room >= 0:
        if not todo:
            if not rest:
                return True
            rest -= 1
            todo.append(after[rest])
        now = todo.pop()
        match now.doc:
            case str(text):
                room -= len(text)
            case Choice(flat, broken):
                room -= len(broken if now.broken else flat)
            case Line(flat):
                if now.broken:
                    return True
                room -= len(flat)
            case Nest(parts) | Group(parts):
                todo += [_Open(0, now.broken, part) for part in reversed(parts)]
    return False
