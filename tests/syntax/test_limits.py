"""Texts made to hurt: refused by their size or depth, with a place, and never by running out of stack."""

import pytest

from alphadsl.report.source import Source
from alphadsl.syntax.build import DEEPEST
from alphadsl.syntax.parse import MOST_ERRORS, parse_source
from alphadsl.syntax.scan import MOST_CHARACTERS, MOST_TOKENS


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in parse_source(Source("f", text)).diagnostics]


def loss_of(formula: str) -> str:
    return f"loss mine {{\n  c = {formula}\n}}\n"


NESTED = {
    "brackets": ("(", "x", ")"),
    "calls": ("f(", "x", ")"),
    "minus": ("-", "x", ""),
    "powers": ("x^", "x", ""),
    "sum": ("", "x", " + x"),
    "product": ("", "x", " * x"),
    "negated powers": ("x^-", "x", ""),
}


@pytest.mark.parametrize("kind", NESTED)
def test_depth_is_refused_just_beyond_the_limit(kind: str) -> None:
    opening, inner, closing = NESTED[kind]

    def nested(times: int) -> list[str]:
        return codes(loss_of(opening * times + inner + closing * times))

    levels = 2 if kind == "negated powers" else 1
    times = DEEPEST if kind == "brackets" else (DEEPEST - 1) // levels
    assert nested(times) == []
    assert nested(times + 1) == ["too-deep"]
    assert nested(2000) == ["too-deep"]


def test_too_deep_points_to_the_sign_that_passes_the_limit() -> None:
    [diagnostic] = parse_source(Source("f", loss_of("x" + " + x" * 100))).diagnostics
    assert diagnostic.span.text == "+"
    assert diagnostic.span.position == (2, 7 + 2 + 4 * (DEEPEST - 1))


def test_reading_goes_on_after_a_line_that_is_too_deep() -> None:
    assert codes(f"loss mine {{\n  c = {'-' * 100}x\n  d = 1 2\n}}\n") == ["too-deep", "unexpected-token"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "-" * 100_000,
        loss_of("(" * 100_000),
        loss_of("-" * 100_000 + "x"),
        "loss mine {\n" + "  c = 1\n" * 200_000 + "}\n",
        "x" * (MOST_CHARACTERS + 1),
        "-" * (MOST_TOKENS + 1),
        '"' * MOST_CHARACTERS,
        "\x00" * MOST_CHARACTERS,
        "\n" * MOST_CHARACTERS,
    ],
    ids=lambda text: f"{text[:12]!r}x{len(text)}",
)
def test_too_large(text: str) -> None:
    assert codes(text) == ["too-large"]


def test_a_file_at_the_limit_is_read() -> None:
    text = "loss mine {\n  c = 1\n}\n"
    assert codes(text + "#" * (MOST_CHARACTERS - len(text))) == []


@pytest.mark.parametrize("open_", ["(", "[", "f(", "- ", "x^"])
def test_many_that_are_never_closed(open_: str) -> None:
    text = loss_of(open_ * (MOST_TOKENS // 2 - 10))
    assert codes(text)[0] in ("too-deep", "unexpected-token")


def test_errors_are_told_up_to_a_number() -> None:
    assert codes("loss mine {\n" + "  c = =\n" * (MOST_ERRORS * 2) + "}\n") == ["unexpected-token"] * MOST_ERRORS


@pytest.mark.parametrize("line", ["c = 1e999", "param tau = 1 in (0, 1e999)", "c = -" + "9" * 400])
def test_a_number_beyond_a_float64_is_refused(line: str) -> None:
    [diagnostic] = parse_source(Source("f", f"loss mine {{\n  {line}\n}}\n")).diagnostics
    assert diagnostic.code == "number-too-large"
    assert float(diagnostic.span.text) == float("inf")
