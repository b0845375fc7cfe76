"""What counts as another version of the code, so that bits may differ: what a file computes, not how it is written."""

from collections.abc import Callable

import pytest

import alphadsl
from runner.records.code import ROOT, WITHOUT_WEIGHT, code_of_grammar, code_of_python, code_version

MODULE = """
LIMIT = 3


class Step:
    \"\"\"One step.\"\"\"

    rate: float
    \"\"\"Per epoch.\"\"\"

    def take(self, x):
        return f(x, 0.5)  # half
"""
GRAMMAR = """
// An expression.
sum: sum "+" term
NAME: /a+/
"""


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (code_of_python, ("One step.", "A single step.")),
        (code_of_python, ("Per epoch.", "Per step.")),
        (code_of_python, ("# half", "# of it")),
        (code_of_python, ('    """One step."""\n', "")),
        (code_of_python, ("f(x, 0.5)", "f(\n            x,\n            0.5,\n        )")),
        (code_of_grammar, ("An expression", "A sum")),
        (code_of_grammar, ("sum: sum", "sum:   sum")),
    ],
)
def test_words_and_layout_are_not_code(code: Callable[[str], str], change: tuple[str, str]) -> None:
    text = MODULE if code is code_of_python else GRAMMAR
    assert text.replace(*change) != text
    assert code(text.replace(*change)) == code(text)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (code_of_python, ("0.5", "0.25")),
        (code_of_python, ("LIMIT = 3", "LIMIT = 3.0")),
        (code_of_python, ("return f", "return g")),
        (code_of_python, ("rate: float", "rate: int")),
        (code_of_grammar, ("a+", "a*")),
        (code_of_grammar, ('sum "+" term', "term")),
    ],
)
def test_what_is_computed_is_code(code: Callable[[str], str], change: tuple[str, str]) -> None:
    text = MODULE if code is code_of_python else GRAMMAR
    assert code(text.replace(*change)) != code(text)


def test_comments_of_the_grammar_are_lines_of_their_own() -> None:
    rules = code_of_grammar((ROOT / "grammar/alpha.lark").read_text(encoding="utf-8"))
    assert "//" not in rules


def test_code_without_weight_is_still_where_it_was() -> None:
    assert [path for path in WITHOUT_WEIGHT if not (ROOT / path).exists()] == []


def test_the_version_comes_first() -> None:
    assert code_version().startswith(f"{alphadsl.__version__}+")
