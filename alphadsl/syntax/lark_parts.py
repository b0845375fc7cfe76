"""The parts of Lark that it does not promise to keep: all that this package touches of them is here.

A parser comes in and goes out with its stacks taken back. The bound on Lark's version in `pyproject.toml` is moved
together with this file; `tests/syntax/test_lark_parts.py` says which part is gone.
"""

from typing import Any

from lark.lark import PostLex as PostLex
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_interactive_parser import InteractiveParser

STATE_PARTS = ("state_stack", "value_stack", "parse_conf", "position")


def unwind(parser: InteractiveParser, first: str) -> None:
    """Take a parser back to the last state in which the terminal `first` could be read."""
    state: Any = parser.parser_state
    states = state.parse_conf.states
    while states[state.position].get(first, (None,))[0] is not Shift:
        state.state_stack.pop()
        state.value_stack.pop()
