"""The command discover: what it refuses before anything is trained, in one line that names it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alphadsl.cli.main import app
from alphadsl.report.exceptions import InputError

REFUSED = {
    "nothing to start from": ([], "no loss to start from"),
    "a queue": (["--from", "moco"], "moco takes queue"),
    "labels": (["supcon"], "supcon takes labels"),
    "one name twice": (["infonce", "infonce"], "a loss called infonce"),
    "no loss": (["infonse"], "did you mean infonce?"),
    "no time": (["infonce", "--budget", "3epochs"], "not a time"),
    "no number": (["infonce", "--budget", "soon"], "--budget soon"),
    "rungs that fall": (["infonce", "--rungs", "4,1"], "do not increase"),
    "no rungs": (["infonce", "--rungs", "x"], "--rungs x"),
    "an epoch of its own": (["infonce", "--epochs", "3"], "Give --rungs"),
    "the test set": (["infonce", "--test-set", "read"], "never reads the test set"),
    "a seed of its own": (["infonce", "--seed", "3"], "--search-seed"),
    "no space": (["infonce", "--space", "none.toml"], "none.toml"),
    "an empty space": (["infonce", "--space", "empty.toml"], "Allow more in its max_size"),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_searched_is_one_line(name: str) -> None:
    words, told = REFUSED[name]
    Path("empty.toml").write_text("max_size = 3")
    with pytest.raises(InputError) as refused:
        CliRunner().invoke(app, ["discover", *words], catch_exceptions=False)
    assert told in f"{refused.value.message} {refused.value.help}"
    assert "\n" not in refused.value.message
    assert not Path("studies").exists()
