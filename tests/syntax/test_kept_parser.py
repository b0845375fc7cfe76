"""The parser kept between runs: used again, and done without where it cannot be kept or is damaged."""

from pathlib import Path

import pytest

from alphadsl.report.source import Source
from alphadsl.syntax.language import language
from alphadsl.syntax.parse import parse_source

SPEC = "loss mine {\n  phi(x) = x\n  psi(x) = x\n}\n"


@pytest.fixture(autouse=True)
def cold_parser() -> None:
    language.cache_clear()


def reads_a_spec() -> bool:
    language.cache_clear()
    return parse_source(Source("mine.alpha", SPEC)).file is not None


def test_it_is_kept_in_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert reads_a_spec()
    [kept] = (tmp_path / "alphadsl").iterdir()
    before = kept.stat().st_mtime_ns
    assert reads_a_spec()
    assert kept.stat().st_mtime_ns == before


def test_a_damaged_one_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert reads_a_spec()
    [kept] = (tmp_path / "alphadsl").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert reads_a_spec()


def test_no_place_to_keep_it_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert reads_a_spec()
