"""`alphadsl theory` as it is typed: files, exit codes, and one line for each mistake."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alphadsl.cli.theory import app
from alphadsl.report.exceptions import InputError


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


SMALL = ["--samples", "10", "--inputs", "4"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["gradient", "triplet", "--draws", "1"],
        ["game", "square", "--steps", "1", "--trials", "5", *SMALL],
        ["pca", "dcl", "--depth", "2", "--seeds", "2", "--width", "3", *SMALL],
        ["relu", "dcl", "--dataset", "mixture", "--seeds", "2", "--hidden", "3", *SMALL],
        ["landscape", "dcl", "quadratic", "--no-library", "--dataset", "gaussian", *SMALL],
    ],
    ids=lambda words: words[0],
)
def test_a_command_writes_what_it_found(words: list[str]) -> None:
    result = CliRunner().invoke(app, [*words, "-o", "found"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert Path("found.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(Path("found.json").read_text())["statements"]


def test_a_control_exits_with_1() -> None:
    result = CliRunner().invoke(app, ["gradient", "dcl", "--draws", "1", "--break", "sign"])
    assert result.exit_code == 1
    assert "FAILS" in result.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gradient"], "Name losses, or give --all"),
        (["gradient", "infonze"], "no loss called infonze"),
        (["gradient", "infonce", "--break", "all"], "--break cannot be 'all'"),
        (["game", "infonce"], "infonce has no min player"),
        (["game", "square", "--rate", "nan"], "--rate nan"),
        (["pca", "infonce", "--depth", "0"], "--depth 0"),
        (["pca", "infonce", "--depth", "3..1"], "--depth 3..1"),
        (["pca", "infonce", "--dataset", "mnist"], "no data called mnist"),
        (["pca", "infonce", "--noise", "inf"], "--noise inf"),
        (["relu", "infonce", "--samples", "4"], "4 samples cannot show 10 components"),
        (["relu", "infonce", "-o", "nowhere/x"], "nowhere/x.png"),
        (["landscape", "infonce"], "compares two losses"),
        (["spectrum"], "no run in runs"),
        (["spectrum", "nothing"], "no run runs/nothing"),
    ],
)
def test_a_mistake_is_told_in_one_line(words: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told.replace("(", r"\(")) as refusal:
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert "\n" not in refusal.value.message
