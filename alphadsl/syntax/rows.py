"""Definitions come in; lines in columns come out. Consecutive rows without a gap share their columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from alphadsl.syntax import tree
from alphadsl.syntax.layout import Doc, Group, lay_out

WIDTH = 100
BEFORE_DOC = "   "
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class Definition:
    """`psi(x) = exp(x / tau)`: rows share the column of `=`."""

    head: str
    relation: str
    body: Doc


@dataclass(frozen=True)
class Declaration:
    """`param tau = 0.5 in (0, inf)   "temperature"`: rows share the columns of all their parts."""

    word: str
    name: str
    value: Doc
    bounds: str = ""
    doc: str = ""


@dataclass(frozen=True)
class Plain:
    """`alpha in simplex`, or the lines of a whole loss."""

    text: str


Row = Definition | Declaration | Plain


def align(rows: Sequence[Row], indent: int) -> list[str]:
    """The text of each row, its first line without indentation, for consecutive rows without a gap."""
    texts: list[str] = []
    for kind, run in groupby(rows, key=lambda row: _kind(row, indent)):
        members = [*run]
        if kind is Definition:
            texts += _definitions([row for row in members if isinstance(row, Definition)], indent)
        elif kind is Declaration:
            texts += _declarations([row for row in members if isinstance(row, Declaration)], indent)
        else:
            texts += [_alone(row, indent) for row in members]
    return texts


def _kind(row: Row, indent: int) -> type[Row]:
    """The type of a row whose columns it shares; a row that takes several lines shares none, so it is `Plain`."""
    match row:
        case Declaration():
            wrapped = "\n" in _value(row, indent)
        case Definition():
            wrapped = "\n" in _alone(row, indent)
        case Plain():
            wrapped = True
    return Plain if wrapped else type(row)


def _definitions(rows: Sequence[Definition], indent: int) -> list[str]:
    width = max(len(row.head) for row in rows)
    column = indent + width + len(" = ")
    return [f"{row.head:<{width}} {row.relation} {lay_out(row.body, column, indent, WIDTH)}" for row in rows]


def _declarations(rows: Sequence[Declaration], indent: int) -> list[str]:
    word, name = max(len(row.word) for row in rows), max(len(row.name) for row in rows)
    values = [_value(row, indent) for row in rows]
    bounded = max((len(value) for row, value in zip(rows, values, strict=True) if row.bounds), default=0)
    lefts = [
        f"{row.word:<{word}} {row.name:<{name}} = " + (f"{value:<{bounded}} in {row.bounds}" if row.bounds else value)
        for row, value in zip(rows, values, strict=True)
    ]
    column = max((len(left) for row, left in zip(rows, lefts, strict=True) if row.doc), default=0)
    return [
        f"{left:<{column}}{BEFORE_DOC}{row.doc}" if row.doc else left for row, left in zip(rows, lefts, strict=True)
    ]


def _alone(row: Row, indent: int) -> str:
    match row:
        case Plain(text):
            return text
        case Declaration(word, name, _, bounds, doc):
            tail = (f" in {bounds}" if bounds else "") + (BEFORE_DOC + doc if doc else "")
            return f"{word} {name} = {_value(row, indent)}{tail}"
        case Definition():
            return _definitions([row], indent)[0]


def _value(row: Declaration, indent: int) -> str:
    column = indent + len(f"{row.word} {row.name} = ")
    tail = f" in {row.bounds}" if row.bounds else ""
    return lay_out(Group((row.value, tail)), column, indent, WIDTH).removesuffix(tail)


def bounds_text(bounds: tree.Bounds | None) -> str:
    """The interval as text, such as `(0, inf)`, with numbers as written."""
    if bounds is None:
        return ""
    left, *ends, right = re.split(r"(?<=[\[(])|,|(?=[\])])", _COMMENT.sub("", bounds.span.text))
    low, high = (_end("".join(end.split())) for end in ends)
    return f"{left.strip()}{low}, {high}{right.strip()}"


def _end(written: str) -> str:
    digits = written.lstrip("+-")
    return ("-" if written.startswith("-") else "") + (digits if digits[0] in "0123456789." else "inf")
