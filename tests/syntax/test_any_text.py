"""Any text at all ends in a tree or in diagnostics that can be shown, never in an exception."""

import json
import re

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphadsl.report.render import render_concise, render_full, render_json
from alphadsl.report.source import Source
from alphadsl.syntax.language import language
from alphadsl.syntax.parse import parse_source

SPEC = """# InfoNCE, and more.
loss infonce extends parent {
  param tau = 0.5 in (0, inf)   "temperature"
  set q = -2^-x^2
  pairs two_view
  gradient through alpha
  α in simplex
  phi(x) = tau * log(eps + (x + 1) * 2)
  alpha[i,j] ~ exp(-d[i,j]^p /
    tau)
  h[i] = mean_j(h[i,j], s[i] > 0)
}
"""
PIECES = [*re.findall(r"\s+|\w+|.", SPEC), "**", ":=", ";", "==", '"', "\r\n", "\t", "\x1b", "\u202e", "é", "//", "}\n"]
HARMLESS = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff]*")

pieces = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The spec with up to three of its pieces lost, replaced or added."""
    tokens = re.findall(r"\s+|\w+|.", SPEC)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(tokens) - 1))
        tokens[at : at + draw(st.integers(0, 1))] = draw(st.lists(st.sampled_from(PIECES), max_size=1))
    return "".join(tokens)


@pytest.mark.slow
@given(st.one_of(st.text(), st.text(alphabet=st.characters()), pieces, pieces.map("loss a {{\n{}".format), damaged()))
def test_any_text_ends_in_a_tree_or_in_diagnostics(text: str) -> None:
    parsed = parse_source(Source("any.alpha", text))
    assert (parsed.file is None) == bool(parsed.diagnostics)
    for diagnostic in parsed.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
        assert diagnostic.title
        assert diagnostic.label
        assert HARMLESS.fullmatch(render_full(diagnostic))
        assert HARMLESS.fullmatch(render_concise(diagnostic))
    assert len(json.loads(render_json(parsed.diagnostics))) == len(parsed.diagnostics)


@given(damaged())
def test_no_message_names_a_terminal_of_the_grammar(text: str) -> None:
    terminals = "|".join(re.escape(terminal.name) for terminal in language().terminals)
    for diagnostic in parse_source(Source("any.alpha", text)).diagnostics:
        told = f"{diagnostic.title} {diagnostic.label} {diagnostic.help}"
        assert not re.search(rf"\b({terminals})\b", told.replace(" NAME", ""))


@pytest.mark.slow
@given(damaged())
def test_no_line_is_told_twice(text: str) -> None:
    starts = [diagnostic.span.start for diagnostic in parse_source(Source("any.alpha", text)).diagnostics]
    assert len(starts) == len(set(starts))


def conflicts(grammar: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level("DEBUG", logger="lark"):
        lark.Lark(grammar, parser="lalr", lexer="basic", debug=True)
    return [record.message for record in caplog.records if "conflict" in record.message.lower()]


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    ambiguous = 'start: sum\nsum: sum "+" sum | "x"\n'
    assert conflicts(ambiguous, caplog)
    caplog.clear()
    assert conflicts(language().source_grammar, caplog) == []
