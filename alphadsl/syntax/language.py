"""The parser that Lark generates from `grammar/alpha.lark`, built once and stored in the user's cache folder.

Building it takes about 70 ms; the stored parser is used as long as grammar and Lark are unchanged. If nothing can be
stored, it is built each time.
"""

from collections.abc import Iterator
from functools import cache

from lark import Lark, Token

from alphadsl.folders import GRAMMAR, kept_file
from alphadsl.syntax.build import Build
from alphadsl.syntax.lark_parts import PostLex

KEYWORDS = tuple("loss extends param learn set in pairs against space gradient through inf".split())


class _KeepUnused(PostLex):
    """Keeps terminals that no rule uses, which Lark would drop: they are needed for comments and messages."""

    always_accept = ("COMMENT", "POWER", "DEFINE", "SEMICOLON", "OPEN_STRING", "STRAY")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def language() -> Lark:
    kept = kept_file("grammar.pickle")
    return Lark.open(
        str(GRAMMAR),
        parser="lalr",
        lexer="basic",
        maybe_placeholders=True,
        transformer=Build(),
        postlex=_KeepUnused(),
        cache=str(kept) if kept else False,
    )
