"""Text comes in; lexemes come out: names in ASCII, comments separate, and only the line breaks that end a line.

A line break inside brackets is dropped, unless the next line clearly starts a definition: then the closing bracket was
forgotten, and the parser must see the break. Refused: a text beyond the limits, before any work is done on it, and one
whose lines end in lone carriage returns.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lark import Token

from alphadsl.report.errors.syntax import NameTooLong, TooLarge
from alphadsl.report.source import Source, Span
from alphadsl.syntax.characters import diagnose_character
from alphadsl.syntax.language import KEYWORDS, language
from alphadsl.syntax.lexeme import Lexeme, Refused
from alphadsl.syntax.spelling import foreign_character, spell
from alphadsl.syntax.tree import Comment

MOST_CHARACTERS = 64 * 1024
MOST_TOKENS = 20_000
LONGEST_NAME = 64

NEWLINE, END = "_NEWLINE", "$END"
_STARTS_DEFINITION = re.compile(
    r"(LOSS|PARAM|LEARN|SET|PAIRS|SPACE|GRADIENT|RBRACE)\b"
    r"|NAME (LPAR NAME RPAR |LSQB NAME (COMMA NAME )?RSQB )?(EQUAL|TILDE|DEFINE)\b"
    r"|NAME IN NAME\b"
)

# `loss[i]` is a quantity, not the head of a loss.
_INDEXED = re.compile(r"[ \t]*\[")


def scan(source: Source) -> tuple[list[Lexeme], tuple[Comment, ...]]:
    """The lexemes, ending with a line break and the end of the file, and the comments."""
    lexemes = [_lexeme(source, token) for token in _tokens(source)]
    comments = tuple(Comment(str(lexeme), lexeme.span) for lexeme in lexemes if lexeme.type == "COMMENT")
    end = Span(source, len(source.text), len(source.text))
    lines = [*_lines(lexeme for lexeme in lexemes if lexeme.type != "COMMENT")]
    return [*_without_wraps(lines, Lexeme.of(NEWLINE, "", end)), Lexeme.of(END, "", end)], comments


def _tokens(source: Source) -> list[Token]:
    if len(source.text) > MOST_CHARACTERS:
        span = Span(source, MOST_CHARACTERS, MOST_CHARACTERS)
        raise Refused(TooLarge(span, limit=MOST_CHARACTERS, unit="characters"))
    tokens = [*islice(language().lex(source.text), MOST_TOKENS + 1)]
    if len(tokens) > MOST_TOKENS:
        span = _span(source, tokens[-1])
        raise Refused(TooLarge(span, limit=MOST_TOKENS, unit="words and signs"))
    if "\r" in source.text and "\n" not in source.text:
        start = source.text.index("\r")
        raise Refused(diagnose_character(Span(source, start, start + 1)))
    return tokens


def _span(source: Source, token: Token) -> Span:
    assert token.start_pos is not None
    return Span(source, token.start_pos, token.start_pos + len(token))


def _lexeme(source: Source, token: Token) -> Lexeme:
    span = _span(source, token)
    if token.type == "LOSS" and _INDEXED.match(source.text, span.end):
        return Lexeme.of("NAME", str(token), span)
    if token.type != "NAME":
        return Lexeme.of(token.type, str(token), span)
    if len(token) > LONGEST_NAME:
        raise Refused(NameTooLong(span, limit=LONGEST_NAME, length=len(token)))
    name = spell(token)
    if not name:
        index = span.start + foreign_character(token)
        return Lexeme.of("STRAY", source.text[index], Span(source, index, index + 1))
    return Lexeme.of(name.upper() if name in KEYWORDS else "NAME", name, span)


def _lines(lexemes: Iterable[Lexeme]) -> Iterator[list[Lexeme]]:
    """Each line with the line break that ends it; the last one may have none."""
    line: list[Lexeme] = []
    for lexeme in lexemes:
        line.append(lexeme)
        if lexeme.type == NEWLINE:
            yield line
            line = []
    yield line


def _without_wraps(lines: list[list[Lexeme]], last: Lexeme) -> Iterator[Lexeme]:
    depth = 0
    pending: Lexeme | None = None
    for line in lines:
        if depth and _STARTS_DEFINITION.match(" ".join(lexeme.type for lexeme in line)):
            depth = 0
        if pending and not depth:
            yield pending
        pending = None
        for lexeme in line:
            match lexeme.type:
                case "LPAR" | "LSQB":
                    depth += 1
                case "RPAR" | "RSQB":
                    depth = max(0, depth - 1)
                case "_NEWLINE":
                    pending = lexeme
                    continue
            yield lexeme
    yield pending or last
