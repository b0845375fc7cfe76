"""Every broken line is reported once, where it is; no line is blamed for another."""

import pytest

from alphadsl.report.source import Source
from alphadsl.syntax.parse import parse_source


def places(text: str) -> list[tuple[int, int]]:
    return [diagnostic.span.position for diagnostic in parse_source(Source("f", text)).diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss a {\n c = 1 2\n d = )\n e = 1\n f = \n}\n", [(2, 8), (3, 6), (5, 5)]),
        ("loss a {\n c = (1\n d = 1\n e = 2 3\n}\n", [(2, 6), (4, 8)]),
        ("loss a {\n c = (1 +\n d(x) = 1\n e = 2 3\n}\n", [(2, 6), (4, 8)]),
        ("loss a {\n c = (1\n}\nloss b {\n d = 1 2\n}\n", [(2, 6), (5, 8)]),
        ("loss a {\n c = 1\n\nloss b {\n d = 1 2\n}\n", [(1, 8), (5, 8)]),
        ("loss a {\n c = 1 2\n", [(1, 8), (2, 8)]),
        ("loss a\n c = 1 2\n}\nloss b {\n d = )\n}\n", [(1, 7), (2, 8), (5, 6)]),
        ("loss a\n{\n c = 1 2\n}\n", [(1, 7), (3, 8)]),
        ("loss a {\n c = {1}\n d = 1 2\n}\n", [(2, 6), (3, 8)]),
        ("los a {\n c = 1\n d = 1 2\n}\n", [(1, 1), (3, 8)]),
        ("c = 1\nd = 2\n\nloss a {\n e = 1 2\n}\n", [(1, 1), (5, 8)]),
        ("loss a { c = 1 } d = 1\nloss b { e = 1 2 }\n", [(1, 18), (2, 16)]),
        ("loss a { c = (1 }\nloss b { d = 1 }\n", [(1, 14)]),
        ("loss a {} loss b {\n c = 1 2\n}\n", [(1, 11), (2, 8)]),
        ("loss a { c = }\nloss = 1\n", [(1, 14), (2, 6)]),
        ("}\n}\nloss a {\n c = 1 2\n}\n", [(1, 1), (4, 8)]),
        ("loss a {\n x = loss\n loss = 1\n c = 1\n}\n", [(2, 6), (3, 2)]),
    ],
)
def test_each_broken_line_is_told_once(text: str, expected: list[tuple[int, int]]) -> None:
    assert places(text) == expected


def test_a_file_is_handed_on_only_without_errors() -> None:
    parsed = parse_source(Source("f", "loss a {\n c = 1 2\n}\n"))
    assert parsed.file is None
    assert len(parsed.diagnostics) == 1


def test_a_brace_that_is_at_fault_itself_is_not_told_again_as_unclosed() -> None:
    assert places("loss a {\n c = 1\n}{\n") == [(3, 2)]
