"""A spec that cannot be read is reported where another one names it, with the reason."""

from pathlib import Path

import pytest

from alphadsl.pipeline import check_spec
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

USES = {
    "broken-parent": "loss x extends other {\n}\n",
    "broken-loss": "loss x = 0.5 * other\n",
}


@pytest.mark.parametrize("code", USES)
@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"loss other \xff\n", "not UTF-8"), (b"loss another {\n  phi(x) = x\n  psi(x) = x\n}\n", "defines no loss")],
    ids=["bytes", "another name"],
)
def test_it_is_told_where_it_is_named(code: str, content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "other.alpha").write_bytes(content)
    [told] = check_spec(SpecText(Source(str(tmp_path / "x.alpha"), USES[code]), tmp_path)).diagnostics
    assert (told.code, told.span.text) == (code, "other")
    assert reason in told.title


@pytest.mark.parametrize("code", USES)
def test_one_that_can_be_read_is_used(code: str, tmp_path: Path) -> None:
    (tmp_path / "other.alpha").write_text("loss other {\n  phi(x) = x\n  psi(x) = x\n}\n", encoding="utf-8")
    assert check_spec(SpecText(Source(str(tmp_path / "x.alpha"), USES[code]), tmp_path)).diagnostics == ()
