"""What is shown for a character, and how wide that is."""

import pytest

from alphadsl.report.visible import cells, visible_text


@pytest.mark.parametrize(
    ("text", "shown", "width"),
    [
        ("tau", "tau", 3),
        ("τ", "τ", 1),
        ("漢字", "漢字", 4),
        ("e\u0301", "e\u0301", 1),
        ("\t", "    ", 4),
        ("\x1b", "<U+001B>", 8),
        ("\u200b", "<U+200B>", 8),
        ("\u202e", "<U+202E>", 8),
        ("\ufeff", "<U+FEFF>", 8),
        ("\u2028", "<U+2028>", 8),
        ("\xa0", "<U+00A0>", 8),
        ("\ud800", "<U+D800>", 8),
        ("\U000e0041", "<U+E0041>", 9),
        ("😀", "😀", 2),
    ],
)
def test_visible(text: str, shown: str, width: int) -> None:
    assert visible_text(text) == shown
    assert cells(text) == width
