"""The names of a text and their definitions, read from its lexemes, so that an incomplete text has them too.

A text that the lexer cannot read has no names. Names are looked up like in the checker: as the argument of the
surrounding function, in the loss, in its parents; losses in the text, the folder, the library.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, lru_cache

from alphadsl.report.source import Source, Span
from alphadsl.resolve.files import SpecText, find_spec
from alphadsl.syntax.lexeme import Lexeme, Refused
from alphadsl.syntax.scan import NEWLINE, scan

_LONGEST_LINEAGE = 16


class Role(Enum):
    LOSS = auto()
    PARAMETER = auto()
    FUNCTION = auto()
    QUANTITY = auto()
    CONSTANT = auto()
    ARGUMENT = auto()


@dataclass(frozen=True)
class Symbol:
    """A name at its definition."""

    name: str
    role: Role
    span: Span
    line: tuple[Lexeme, ...]


@dataclass(frozen=True)
class Region:
    """A loss of a text: its lines, what they define, and the parent it extends."""

    text: SpecText
    name: str
    parent: str
    symbol: Symbol
    lines: tuple[tuple[Lexeme, ...], ...]

    @cached_property
    def symbols(self) -> dict[str, Symbol]:
        symbol_of: dict[str, Symbol] = {}
        for line in self.lines:
            if symbol := _defined(line):
                symbol_of.setdefault(symbol.name, symbol)
        return symbol_of


@lru_cache(maxsize=64)
def lexemes_of(source: Source) -> tuple[Lexeme, ...]:
    try:
        return tuple(scan(source)[0])
    except Refused:
        return ()


@lru_cache(maxsize=64)
def regions(text: SpecText) -> tuple[Region, ...]:
    found_regions: list[Region] = []
    lines: list[tuple[Lexeme, ...]] = []
    head: tuple[Lexeme, ...] = ()
    for line in _lines(lexemes_of(text.source)):
        if [lexeme.type for lexeme in line[:2]] == ["LOSS", "NAME"]:
            found_regions += [_region(text, head, lines)] if head else []
            head, lines = line, [line]
        else:
            lines.append(line)
    return (*found_regions, _region(text, head, lines)) if head else ()


def lineage(region: Region) -> Iterator[Region]:
    """A loss and its parents, as far as they can be found."""
    for _ in range(_LONGEST_LINEAGE):
        yield region
        parent = find_region(region.parent, region.text, region) if region.parent else None
        if parent is None:
            return
        region = parent


def find_region(name: str, text: SpecText, child: Region | None = None) -> Region | None:
    for folder in (text.folder, None):
        here = [region for region in regions(text) if region.name == name and region != child]
        if here:
            return here[0]
        try:
            other = find_spec(name, folder)
        except (OSError, UnicodeDecodeError):
            return None
        if other and other != text:
            text, child = other, None
    return next((region for region in regions(text) if region.name == name and region != child), None)


def name_at(text: SpecText, offset: int) -> int | None:
    """The index of the name at a position, even just after it; None if there is none."""
    for index, lexeme in enumerate(lexemes_of(text.source)):
        if lexeme.type == "NAME" and lexeme.span.start <= offset <= lexeme.span.end:
            return index
    return None


def meaning(text: SpecText, index: int) -> Symbol | None:
    """The definition of a name in a text; None for built-in and undefined names."""
    lexemes = lexemes_of(text.source)
    lexeme, before, after = lexemes[index], lexemes[max(0, index - 1)], lexemes[index + 1]
    if before.type == "DOT":
        return None
    region = region_at(text, lexeme.span.start)
    if before.type in ("LOSS", "EXTENDS"):
        named = region if before.type == "LOSS" else find_region(str(lexeme), text, region)
        return named.symbol if named else None
    if after.type == "EQUAL" and (callee := _callee(lexemes, index)):
        called = find_region(callee, text)
        return _inherited(called, str(lexeme)) if called else None
    if region is None:
        return None
    argument = _argument(region, lexeme)
    symbol = argument or _inherited(region, str(lexeme))
    if symbol is None and (other := find_region(str(lexeme), text, region)):
        return other.symbol
    return symbol


def region_at(text: SpecText, offset: int) -> Region | None:
    return next((region for region in reversed(regions(text)) if region.symbol.span.start <= offset), None)


def _inherited(region: Region, name: str) -> Symbol | None:
    return next((ancestor.symbols[name] for ancestor in lineage(region) if name in ancestor.symbols), None)


def _argument(region: Region, lexeme: Lexeme) -> Symbol | None:
    line = next((line for line in region.lines if any(token is lexeme for token in line)), ())
    symbol = _defined(line)
    if symbol is None or symbol.role != Role.FUNCTION:
        return None
    argument = line[_first(line) + 2]
    return Symbol(str(argument), Role.ARGUMENT, argument.span, line) if argument == lexeme else None


def _callee(lexemes: tuple[Lexeme, ...], index: int) -> str | None:
    """The name in front of the bracket that a position is in."""
    depth = 0
    for place in range(index - 1, -1, -1):
        match lexemes[place].type:
            case "RPAR":
                depth += 1
            case "LPAR" if depth:
                depth -= 1
            case "LPAR":
                return str(lexemes[place - 1]) if place and lexemes[place - 1].type == "NAME" else None
            case "_NEWLINE" | "LBRACE":
                return None
    return None


def _lines(lexemes: tuple[Lexeme, ...]) -> Iterator[tuple[Lexeme, ...]]:
    line: list[Lexeme] = []
    for lexeme in lexemes:
        line.append(lexeme)
        if lexeme.type in (NEWLINE, "LBRACE"):
            yield tuple(line)
            line = []
    yield tuple(line)


def _region(text: SpecText, head: tuple[Lexeme, ...], lines: list[tuple[Lexeme, ...]]) -> Region:
    parent = str(head[3]) if len(head) > 3 and (head[2].type, head[3].type) == ("EXTENDS", "NAME") else ""
    return Region(text, str(head[1]), parent, Symbol(str(head[1]), Role.LOSS, head[1].span, head), tuple(lines))


def _first(line: tuple[Lexeme, ...]) -> int:
    return 1 if line and line[0].type in ("PARAM", "LEARN") else 0


def _defined(line: tuple[Lexeme, ...]) -> Symbol | None:
    kinds = [lexeme.type for lexeme in line]
    match kinds:
        case ["PARAM" | "LEARN", "NAME", *_]:
            role = Role.PARAMETER
        case ["NAME", "EQUAL", *_]:
            role = Role.CONSTANT
        case ["NAME", "LPAR", "NAME", "RPAR", "EQUAL", *_]:
            role = Role.FUNCTION
        case ["NAME", "LSQB", "NAME", "RSQB", "EQUAL", *_] | ["NAME", "LSQB", "NAME", "COMMA", "NAME", "RSQB", *_]:
            role = Role.QUANTITY
        case _:
            return None
    name = line[_first(line)]
    return Symbol(str(name), role, name.span, line)
