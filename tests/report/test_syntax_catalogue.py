"""Each fault of a text: its wrong spec is told so, with the agreed message, and its right one is read."""

from collections.abc import Callable

import pytest

from alphadsl.report.catalogue import CATALOGUE
from alphadsl.report.catalogue.syntax import DIAGNOSTICS
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.render import render_full
from alphadsl.report.source import Source
from alphadsl.syntax.parse import parse_source

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("entry", DIAGNOSTICS, ids=lambda entry: entry.code)
def test_wrong_and_right(entry: type[Diagnostic], golden: Golden) -> None:
    [diagnostic] = parse_source(Source(f"{entry.code}.alpha", entry.wrong)).diagnostics
    assert type(diagnostic) is entry
    golden(f"catalogue/{entry.code}.txt", render_full(diagnostic))
    assert parse_source(Source("right.alpha", entry.right)).diagnostics == ()


@pytest.mark.parametrize("entry", DIAGNOSTICS, ids=lambda entry: entry.code)
def test_entry_explains_itself(entry: type[Diagnostic]) -> None:
    assert CATALOGUE[entry.code] is entry
    assert entry.__doc__ is not None
    assert len(entry.__doc__.split()) > 20
