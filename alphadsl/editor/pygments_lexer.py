"""Colours of specs for Pygments: pages, terminals and anything else that uses it. Nothing is refused; stray characters
are errors."""

from collections.abc import Callable, Iterator
from re import Match
from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Token,
    Whitespace,
    _TokenType,
)

from alphadsl.editor.vocabulary import Kind, words
from alphadsl.syntax.spelling import spell

Colour = tuple[int, _TokenType, str]

_COLOURS = {
    Kind.KEYWORD: Keyword,
    Kind.CONSTANT: Keyword.Constant,
    Kind.FUNCTION: Name.Builtin,
    Kind.REDUCTION: Name.Builtin,
    Kind.QUANTITY: Name.Builtin.Pseudo,
    Kind.PART: Name.Function.Magic,
}
_BY_WORD = {word.text: _COLOURS[word.kind] for word in words(*_COLOURS) if word.text != "loss"} | {"loss": Keyword}
_grouped: Callable[..., object] = bygroups
_NAME = r"[^\W\d]\w*"


def _word(_: RegexLexer, match: Match[str]) -> Iterator[Colour]:
    yield match.start(), _BY_WORD.get(spell(match[0]), Name), match[0]


class AlphaLexer(RegexLexer):
    """`*.alpha` files."""

    name = "alphadsl"
    aliases: ClassVar[list[str]] = ["alpha", "alphadsl"]
    filenames: ClassVar[list[str]] = ["*.alpha"]
    mimetypes: ClassVar[list[str]] = ["text/x-alphadsl"]
    url = "https://arxiv.org/abs/2201.12680"
    tokens: ClassVar = {
        "root": [
            (r"\s+", Whitespace),
            (r"#.*", Comment.Single),
            (r'"[^"\n]*"', String.Doc),
            (r"(loss)([ \t]*)(?=\[)", _grouped(Name.Function.Magic, Whitespace)),
            (rf"(loss|extends)([ \t]+)({_NAME})", _grouped(Keyword, Whitespace, Name.Class)),
            (rf"(pairs|against|space)([ \t]+)({_NAME})", _grouped(Keyword, Whitespace, Keyword.Type)),
            (rf"(in)([ \t]+)({_NAME})", _grouped(Keyword, Whitespace, Keyword.Type)),
            (_NAME, _word),
            (r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", Number),
            (r"<=|>=|==|[-+*/^=~<>]", Operator),
            (r"[()\[\]{},.]", Punctuation),
            (r".", Token.Error),
        ]
    }
