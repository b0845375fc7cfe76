"""The only module that uses parts of Lark outside its public interface.

A parser comes in; it comes out with its stacks unwound. Change the bound on Lark's version in `pyproject.toml` together
with this file; `tests/syntax/test_lark_parts.py` fails for any part that is missing.
"""

from typing import Any

from lark.lark import PostLex as PostLex
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_interactive_parser import InteractiveParser

STATE_PARTS = ("state_stack", "value_stack", "parse_conf", "position")


def unwind(parser: InteractiveParser, first: str) -> None:
    """Unwind a parser to the last state in which the terminal `first` could be read."""
    state: Any = parser.parser_state
    states = state.parse_conf.states
    while states[state.position].get(first, (None,))[0] is not Shift:
        state.state_stack.pop()
        state.value_stack.pop()
