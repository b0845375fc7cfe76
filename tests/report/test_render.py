"""The shape of a rendered diagnostic, held by golden texts, for spans of every kind."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from alphadsl.report.diagnostic import Diagnostic, Edit, Label, Remedy, Severity
from alphadsl.report.exceptions import SpecError
from alphadsl.report.render import render_concise, render_full, render_json, render_list, styled
from alphadsl.report.source import Source, Span

Golden = Callable[[str, str], None]


@dataclass(frozen=True)
class Sample(Diagnostic):
    """A diagnostic with every part."""

    code = "decreasing-psi"
    title_template = "psi must be non-decreasing"
    label_template = "decreases in x"
    note_template = "{reason}"
    help_template = "{advice}"
    wrong = right = ""

    reason: str = ""
    advice: str = ""
    labels: tuple[Label, ...] = ()

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.labels

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return (Remedy(self.advice, (Edit(self.span, "exp(x / tau)"),)),) if self.advice else ()


@dataclass(frozen=True)
class Warned(Sample):
    code = "unused-param"
    severity = Severity.WARNING


def span(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


MINE = Source(
    "mine.alpha",
    "loss mine {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(-x / tau)\n}\n",
)
NOTE = "alpha[i,j] = phi'(xi_i) * psi'(d[i]^2 - d[i,j]^2) would be negative: near negatives would be pulled in."
HELP = "write exp(x / tau); alphadsl explain decreasing-psi"
OUTER = Source("specs/outer.alpha", "loss outer {\n  set tau = 0\n}\n")
WRAPPED = Source("wrapped.alpha", "loss a {\n  c = f(1,\n\n        2,\n        3)\n  d = f(1,\n2,\n3,\n4,\n5)\n}\n")
WIDE = Source("wide.alpha", 'loss a {\n\tparam 温度 = 1  "漢字é" # e\u0301\n}\n')
LONG = Source("long.alpha", "c = " + " + ".join(f"x{n}" for n in range(200)) + "\n")
MANY = Source("many.alpha", "\n" * 120 + "c = x\n")

CASES = {
    "one-span": Sample(span(MINE, "exp(-x / tau)"), advice=HELP),
    "all-parts": Sample(
        span(MINE, "exp(-x / tau)"),
        reason=NOTE,
        advice=HELP,
        labels=(Label(span(MINE, "(0, inf)"), "so x / tau increases, and -x / tau decreases"),),
    ),
    "no-remarks": Sample(span(MINE, "exp(-x / tau)")),
    "same-line": Sample(span(MINE, "exp(-x / tau)"), labels=(Label(span(MINE, "-x"), "this decreases"),)),
    "other-file": Sample(
        span(OUTER, "0"),
        advice="take another value",
        labels=(Label(span(MINE, "(0, inf)"), "declared here"), Label(span(OUTER, "outer"), "in this loss")),
    ),
    "warning": Warned(span(MINE, "tau")),
    "few-lines": Sample(span(WRAPPED, "f(1,\n\n        2,\n        3)")),
    "many-lines": Sample(span(WRAPPED, "f(1,\n2,\n3,\n4,\n5)")),
    "wide-characters": Sample(span(WIDE, "温度"), labels=(Label(span(WIDE, '"漢字é"'), "described here"),)),
    "combining-character": Sample(span(WIDE, "\u0301")),
    "long-line": Sample(span(LONG, "x150"), labels=(Label(span(LONG, "x2"), "far to the left"),)),
    "long-span": Sample(span(LONG, LONG.text[4:-1])),
    "high-line-number": Sample(span(MANY, "x"), advice=HELP),
    "end-of-line": Sample(Span(MANY, len(MANY.text) - 1, len(MANY.text) - 1)),
    "line-break": Sample(Span(MINE, 11, 12)),
    "end-of-file": Sample(Span(MINE, len(MINE.text), len(MINE.text))),
    "empty-file": Sample(Span(Source("empty.alpha", ""), 0, 0)),
    "hidden-characters": Sample(
        span(Source("\x1b[2Jevil.alpha", "c = \x1b[31m\u202e1\u200b\n"), "\u202e"),
        reason="\x1b[0m",
        advice="first line\nsecond line",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_full(name: str, golden: Golden) -> None:
    golden(f"{name}.txt", render_full(CASES[name]))


@pytest.mark.parametrize("name", CASES)
def test_every_label_is_told(name: str) -> None:
    rows = render_full(CASES[name]).splitlines()
    assert sum(row.endswith("^ decreases in x") for row in rows) == 1
    for label in CASES[name].secondary:
        assert sum(row.endswith(f"- {label.text}") for row in rows) == 1


def test_concise() -> None:
    assert render_concise(CASES["all-parts"]) == "mine.alpha:4:12: error[decreasing-psi] psi must be non-decreasing"
    assert render_concise(CASES["warning"]).startswith("mine.alpha:2:9: warning[unused-param]")
    assert render_concise(CASES["hidden-characters"]).startswith("<U+001B>[2Jevil.alpha:1:10:")


def test_json() -> None:
    """With the remedies that were tried and work, and no others."""
    untried = CASES["all-parts"]
    assert json.loads(render_json([untried]))[0]["remedies"] == []
    [record] = json.loads(render_json([replace(untried, works=untried.remedies)]))
    assert record == {
        "code": "decreasing-psi",
        "severity": "error",
        "title": "psi must be non-decreasing",
        "file": "mine.alpha",
        "line": 4,
        "column": 12,
        "end_line": 4,
        "end_column": 25,
        "label": "decreases in x",
        "secondary": [
            {
                "file": "mine.alpha",
                "line": 2,
                "column": 22,
                "end_line": 2,
                "end_column": 30,
                "label": "so x / tau increases, and -x / tau decreases",
            }
        ],
        "note": NOTE,
        "help": HELP,
        "remedies": [
            {
                "advice": HELP,
                "edits": [
                    {
                        "file": "mine.alpha",
                        "line": 4,
                        "column": 12,
                        "end_line": 4,
                        "end_column": 25,
                        "text": "exp(x / tau)",
                    }
                ],
            }
        ],
    }
    assert json.loads(render_json([])) == []
    assert render_json(CASES.values()).isascii()


def test_colour_changes_no_character() -> None:
    text = render_full(CASES["all-parts"])
    coloured = styled(text)
    assert coloured.plain == text
    red = [text[part.start : part.end] for part in coloured.spans if part.style == "red"]
    assert red == ["   |            ^^^^^^^^^^^^^ decreases in x"]


def test_the_exception_shows_its_diagnostics() -> None:
    error = SpecError([CASES["one-span"], CASES["warning"]])
    assert str(error) == f"{render_full(CASES['one-span'])}\n{render_full(CASES['warning'])}"


def test_of_very_many_the_errors_are_shown_first_and_the_rest_is_counted() -> None:
    warned = [Warned(Span(MINE, place, place + 1)) for place in range(30)]
    refused = [Sample(Span(MINE, place, place + 1)) for place in (5, 7)]
    assert len(list(render_list(warned[:20]))) == 20
    *shown, rest = render_list([*warned, *refused])
    assert [text.partition("[")[0] for text in shown] == ["error"] * 2 + ["warning"] * 18
    assert shown[2:] == [render_full(diagnostic) for diagnostic in warned[:18]]
    assert rest == " help: 12 more are not shown; alphadsl check --output-format concise lists all"
    assert str(SpecError([*warned, *refused])).endswith(rest)
