"""Names: Greek and ASCII are one, variants of a letter are one, and a letter that only looks right is refused."""

import unicodedata

import pytest

from alphadsl.report.errors.syntax import UnexpectedCharacter
from alphadsl.report.source import Source
from alphadsl.syntax.parse import parse_source
from alphadsl.syntax.spelling import GREEK, spell


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("φ", "phi"),
        ("ϕ", "phi"),
        ("ψ", "psi"),
        ("τ", "tau"),
        ("𝜏", "tau"),
        ("ε", "eps"),
        ("ϵ", "eps"),
        ("α", "alpha"),
        ("λ", "lambda"),
        ("µ", "mu"),
        ("σ", "sigma"),
        ("ς", "sigma"),
        ("Ω", "Omega"),
        ("τ₁", "tau1"),
        ("τ_max", "tau_max"),
        ("ℓ", "l"),
        ("tau", "tau"),
        ("_x9", "_x9"),
    ],
)
def test_spelling(written: str, spelled: str) -> None:
    assert spell(written) == spelled


def test_every_greek_spelling_is_its_own_letter() -> None:
    """Two letters share a spelling only where they are forms of one letter."""
    shared = {spelling for spelling in GREEK.values() if [*GREEK.values()].count(spelling) > 1}
    assert shared == {"sigma"}
    assert all(unicodedata.name(letter).startswith("GREEK") for letter in GREEK)


def test_greek_and_ascii_are_one_tree() -> None:
    greek = parse_source(Source("g", "loss a {\n φ(x) = τ * log(ε + x)\n α in simplex\n}"))
    ascii_ = parse_source(Source("a", "loss a {\n phi(x) = tau * log(eps + x)\n alpha in simplex\n}"))
    assert greek.file == ascii_.file
    assert greek.file is not None


@pytest.mark.parametrize(
    ("formula", "character", "advice"),
    [
        ("t\N{CYRILLIC SMALL LETTER A}u", "U+0430 CYRILLIC SMALL LETTER A", "the Latin letter a"),
        ("\N{GREEK CAPITAL LETTER ALPHA}", "U+0391 GREEK CAPITAL LETTER ALPHA", "the Latin letter A"),
        ("xⁿ", "U+207F SUPERSCRIPT LATIN SMALL LETTER N", "Latin or Greek letters"),
        ("x × 2", "U+00D7 MULTIPLICATION SIGN", "write *"),
        ("1 \N{MINUS SIGN} x", "U+2212 MINUS SIGN", "plain sign -"),
        ("x\N{ZERO WIDTH SPACE}", "U+200B ZERO WIDTH SPACE", "cannot be seen"),
        ("x\N{NO-BREAK SPACE}+ 1", "U+00A0 NO-BREAK SPACE", "plain space"),
        ("x \x1b[31m", "U+001B (a control character)", "cannot be seen"),
        ("x # \N{RIGHT-TO-LEFT OVERRIDE}", "U+202E RIGHT-TO-LEFT OVERRIDE", "cannot be seen"),
        ("x\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE", "cannot be seen"),
        ("\ud800", "U+D800 (a character without a name)", "cannot be seen"),
        ("x\rpsi(x) = x", "U+000D (a control character)", "line feed"),
        ("x § 2", "U+00A7 SECTION SIGN", "comment"),
        ("é", "U+00E9 LATIN SMALL LETTER E WITH ACUTE", "Latin or Greek"),
        ('"a\x00b"', "U+0000 (a control character)", "cannot be seen"),
    ],
)
def test_a_foreign_character_is_refused_by_name(formula: str, character: str, advice: str) -> None:
    [diagnostic] = parse_source(Source("f", f"loss mine {{\n  phi(x) = {formula}\n}}\n")).diagnostics
    assert isinstance(diagnostic, UnexpectedCharacter)
    assert diagnostic.character == character
    assert advice in diagnostic.advice
    assert len(diagnostic.span.text) == 1
    shown = character if len(character) == 1 else chr(int(character[2:6], 16))
    assert diagnostic.span.text == shown


def test_comments_and_descriptions_hold_any_visible_text() -> None:
    parsed = parse_source(Source("f", 'loss a {\n param c = 1 "température × 漢字"  # 温度 é ∑\n}'))
    assert parsed.diagnostics == ()
