"""The parser that Lark generates from `grammar/alpha.lark`, built once and kept in the user's cache folder.

Building it costs about 70 ms; the kept one is used while grammar and Lark are the same. Where
nothing can be kept, it is built each time.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lark import Lark, Token
from lark.lark import PostLex

from alphadsl.syntax.build import Build

KEYWORDS = tuple("loss extends param learn set in pairs against space gradient through inf".split())


class _KeepUnused(PostLex):
    """Lark drops terminals that no rule takes; these are read for comments and for messages."""

    always_accept = ("COMMENT", "POWER", "DEFINE", "SEMICOLON", "OPEN_STRING", "STRAY")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def language() -> Lark:
    kept = _kept_parser()
    return Lark.open_from_package(
        "grammar",
        "alpha.lark",
        parser="lalr",
        lexer="basic",
        maybe_placeholders=True,
        transformer=Build(),
        postlex=_KeepUnused(),
        cache=str(kept) if kept else False,
    )


def _kept_parser() -> Path | None:
    """A file of the user's own, which nobody else can write; None where there is no such place."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = (Path(home) if home else Path.home() / ".cache") / "alphadsl"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder / "grammar.pickle" if os.access(folder, os.W_OK) else None
