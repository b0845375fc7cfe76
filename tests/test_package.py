"""What an installed package promises: types, one version, names to import, data that no folder of a user can shadow."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import alphadsl

ROOT = Path(__file__).parents[1]


def python(code: str, folder: Path) -> str:
    """What a script of a user's prints, run in a folder that comes first on its path."""
    script = folder / "script.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_types_are_told_to_checkers() -> None:
    """Of `runner` too: `alphadsl.Run` and `alphadsl.Callback` come from there."""
    assert all((ROOT / package / "py.typed").exists() for package in ("alphadsl", "runner"))


def test_the_version_is_said_once() -> None:
    assert metadata.version("alphadsl") == alphadsl.__version__
    assert f"version: {alphadsl.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert json.loads((ROOT / "editors/vscode/package.json").read_text())["version"] == alphadsl.__version__
    assert f"## {alphadsl.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_classes_of_modules_are_exported(tmp_path: Path) -> None:
    code = "import sys, alphadsl\nprint('torch' in sys.modules)\nprint(alphadsl.ContrastiveLoss, alphadsl.Importance)\n"
    assert python(code, tmp_path).startswith("False\n<class")
    with pytest.raises(AttributeError, match="no attribute 'Loss'"):
        alphadsl.Loss  # noqa: B018


@pytest.mark.slow
@pytest.mark.parametrize("name", ["specs", "grammar"])
def test_folders_of_the_same_name_shadow_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / name / "alpha.lark").write_text("start: NOTHING", encoding="utf-8")
    code = "import alphadsl\nprint(len(alphadsl.library()), alphadsl.check('infonce'))\n"
    assert python(code, tmp_path) == f"{len(alphadsl.library())} []\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["runner.py", "runner/__init__.py"])
def test_a_file_that_hides_the_runner_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("", encoding="utf-8")
    code = (
        "import alphadsl\ntry:\n    alphadsl.train\nexcept alphadsl.InputError as hidden:\n    print(hidden.message)\n"
    )
    assert python(code, tmp_path) == f"{tmp_path / name} hides the package runner of alphadsl.\n"
    done = subprocess.run(
        [sys.executable, "-m", "alphadsl", "runs"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        f"error: {tmp_path / name} hides the package runner of alphadsl.",
    )


def test_a_path_is_not_taken_for_a_text(tmp_path: Path) -> None:
    folder = tmp_path / "tau=0.2"
    folder.mkdir()
    spec = folder / "mine.alpha"
    spec.write_text("loss mine {\n  phi(x) = x\n  psi(x) = exp(x)\n}\n", encoding="utf-8")
    assert alphadsl.check(str(spec)) == alphadsl.checks(spec.read_text(encoding="utf-8")) == []
    with pytest.raises(alphadsl.InputError, match="cannot be read"):
        alphadsl.check(str(folder / "absent.alpha"))
