"""Paths that name nothing, or a folder where a file is meant: one clear line that names the option, before any work."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alphadsl.cli.main import app
from alphadsl.report.exceptions import InputError

PICTURES = (["plot", "infonce"], ["views"], ["bench", "infonce", "--anchors", "4"])
RUNS = (["train", "infonce"], ["probe"], ["compare"])

NOTHING = [
    *((words, "-o", value) for words in PICTURES for value in ("", ".", "..", "pictures", "pictures/", "pictures.png")),
    *((["compare"], "--out", value) for value in ("", ".", "..")),
    *((words, "--runs-dir", value) for words in RUNS for value in ("", " ", "notes.txt")),
    (["probe"], "--data-dir", ""),
    (["views", "--dataset", "cifar10"], "--data-dir", ""),
    (["probe"], "--data-dir", "notes.txt"),
    (["train", "infonce", "--dataset", "cifar10"], "--data-dir", ""),
    *((["train", "infonce"], "--config", value) for value in ("", "pictures", "pictures.toml")),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("pictures", "pictures.png", "pictures.toml"):
        Path(name).mkdir()
    Path("notes.txt").write_text("mine", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "flag", "value"), NOTHING, ids=lambda part: part if isinstance(part, str) else part[0]
)
def test_a_path_that_names_nothing_is_refused_in_one_line(
    words: list[str], flag: str, value: str, folder: Path
) -> None:
    before = sorted(folder.rglob("*"))
    fault = CliRunner().invoke(app, [*words, flag, value]).exception
    assert isinstance(fault, InputError)
    assert flag.lstrip("-").replace("-", "_") in fault.message.replace("-", "_")
    assert "\n" not in fault.message + fault.help
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("words", PICTURES, ids=lambda words: words[0])
def test_the_remedy_of_a_folder_names_a_file_in_it(words: list[str]) -> None:
    fault = CliRunner().invoke(app, [*words, "-o", "pictures"]).exception
    assert isinstance(fault, InputError)
    assert fault.help == "Write -o pictures/alpha.png"
