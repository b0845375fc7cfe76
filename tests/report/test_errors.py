"""Every diagnostic of the catalogue: its wrong spec is told so and nothing else, in the agreed words; its right one
passes. The goldens in `golden/errors` are what a user reads."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alphadsl.editor.page import render_page
from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors import CATALOGUE
from alphadsl.report.render import render_full
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

Golden = Callable[[str, str], None]

REQUIRED = """
unexpected-token unknown-name duplicate-name unknown-parent cyclic-extends set-without-param out-of-interval no-family
two-families missing-psi level-mismatch decreasing-phi decreasing-psi non-concave-regulariser negative-importance
log-domain unused-param too-deep too-large broken-parent
""".split()
ENTRIES = pytest.mark.parametrize("entry", CATALOGUE.values(), ids=list(CATALOGUE))


@ENTRIES
def test_the_wrong_spec_is_told_as_agreed(
    entry: type[Diagnostic], golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in entry.beside.items():
        Path(name).write_text(text, encoding="utf-8")
    [told] = check_spec(SpecText(Source(f"{entry.code}.alpha", entry.wrong), Path())).diagnostics
    assert type(told) is entry
    golden(f"errors/{entry.code}.txt", render_full(told))


@ENTRIES
def test_the_right_spec_is_right(entry: type[Diagnostic]) -> None:
    assert check_spec(SpecText(Source("right.alpha", entry.right), None)).diagnostics == ()


@ENTRIES
def test_the_entry_explains_itself(entry: type[Diagnostic]) -> None:
    assert entry.__doc__ is not None
    assert len(entry.__doc__.split()) > 20
    page = render_page(entry)
    assert entry.code in page
    assert "Right:" in page


def test_every_code_has_its_golden_and_no_other() -> None:
    goldens = {path.stem for path in (Path(__file__).parent / "golden" / "errors").iterdir()}
    assert goldens == set(CATALOGUE)
    assert set(REQUIRED) <= set(CATALOGUE)
