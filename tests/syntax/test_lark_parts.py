"""What the parser takes from inside Lark is still there: if this fails, look at `alphadsl/syntax/lark_parts.py` and at
the bound on Lark in `pyproject.toml`."""

import re
from itertools import takewhile
from pathlib import Path

import pytest
from lark.parsers.lalr_analysis import Shift

from alphadsl.report.source import Source
from alphadsl.syntax.language import language
from alphadsl.syntax.lark_parts import STATE_PARTS, unwind
from alphadsl.syntax.scan import scan

SYNTAX = Path(__file__).parents[2] / "alphadsl" / "syntax"


@pytest.mark.parametrize("part", STATE_PARTS)
def test_the_state_of_the_parser_has(part: str) -> None:
    assert hasattr(language().parse_interactive().parser_state, part)


def test_a_state_says_which_terminals_it_shifts() -> None:
    state = language().parse_interactive().parser_state
    assert state.parse_conf.states[state.position]["LOSS"][0] is Shift


def test_an_unwound_parser_reads_the_next_definition() -> None:
    parser = language().parse_interactive()
    lexemes, _ = scan(Source("x.alpha", "loss x {\n  phi(x) = x + \n}\n"))
    for lexeme in takewhile(lambda lexeme: lexeme != "+", lexemes):
        parser.feed_token(lexeme)
    assert "PARAM" not in parser.accepts()
    unwind(parser, "PARAM")
    assert "PARAM" in parser.accepts()


def test_private_parts_are_touched_in_one_file_and_bounded() -> None:
    private = re.compile(r"lark\.(parsers|lark|lexer|grammar)|parser_state|parse_conf|state_stack|value_stack")
    touching = {path.name for path in SYNTAX.rglob("*.py") if private.search(path.read_text(encoding="utf-8"))}
    assert touching == {"lark_parts.py"}
    text = (SYNTAX.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'"lark>=[\d.]+,<\d', text)
