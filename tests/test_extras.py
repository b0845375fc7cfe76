"""What is installed with the package alone suffices to use a loss; what needs more says in one line what to install."""

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from alphadsl.extras import EXTRAS, missing_modules

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTED_AS = {"scikit-learn": "sklearn", "pillow": "PIL", "pytorch-metric-learning": "pytorch_metric_learning"}
OURS = {"alphadsl", "grammar", "runner", "specs"}
STUBS = {"_typeshed"}
"""What only type checkers import."""
# What these packages need themselves, and we import too.
BROUGHT = {
    "pygls": {"lsprotocol"},
    "rich": {"pygments"},
    "pydantic": {"pydantic_core", "annotated_types"},
    "torch": {"filelock"},
    "optuna": {"sqlalchemy"},
}

HIDDEN = """
import sys
hidden = set({hidden!r})
class Hider:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hider())
sys.argv = ["alphadsl", *{words!r}]
"""
COMMAND = "from alphadsl.cli.main import main\nmain()\n"


def test_a_folder_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes a folder called ray in the working directory for a package of that name."""
    (tmp_path / "ray").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("alphadsl.extras.EXTRAS", {"cluster": ("ray",)})
    assert missing_modules("cluster") == ["ray"]
    (tmp_path / "ray" / "__init__.py").touch()
    importlib.invalidate_caches()
    assert missing_modules("cluster") == []


def modules_of(*extras: str) -> set[str]:
    """The modules that the package brings with some extras, by the names they are imported as."""
    names: set[str] = set()
    required = [it for extra in extras for it in PROJECT["optional-dependencies"][extra]]
    for requirement in [*PROJECT["dependencies"], *required]:
        name = re.split(r"[<>=~\[]", requirement)[0]
        if name == "alphadsl":
            names |= modules_of(*re.findall(r"[a-z]+", requirement.partition("[")[2]))
            continue
        names |= {IMPORTED_AS.get(name, name), *BROUGHT.get(name, set())}
    return names


EVERYTHING = modules_of("all", "test") | {"scipy"}


def imports_of(*paths: Path) -> set[str]:
    """The packages of others that files import anywhere in them."""
    names: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(aliases):
                    names |= {alias.name.partition(".")[0] for alias in aliases}
                case ast.ImportFrom(str(module)):
                    names.add(module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - OURS - STUBS


def hiding(extras: set[str], words: list[str], code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    hidden = sorted(EVERYTHING - modules_of(*extras))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    script = HIDDEN.format(hidden=hidden, words=words) + code
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("runner", ("train", "cluster", "hf", "schedulefree", "timm")),
        ("alphadsl/editor", ("editor",)),
        ("alphadsl/bench", ("bench",)),
        ("alphadsl/explain", ("plot",)),
        ("alphadsl/reference", ("reference",)),
        *((f"alphadsl/{name}", ()) for name in ("cli", "ir", "syntax", "resolve", "prove", "transform", "backend")),
        ("alphadsl/report", ()),
    ],
)
def test_what_is_imported_is_installed_with_its_extra(folder: str, extras: tuple[str, ...]) -> None:
    assert imports_of(*(ROOT / folder).rglob("*.py")) <= modules_of(*extras)


def test_extras_are_those_of_the_package() -> None:
    for extra, modules in EXTRAS.items():
        assert set(modules) <= modules_of(extra) - modules_of()
    assert modules_of("all") >= modules_of(*(set(PROJECT["optional-dependencies"]) - {"test"}))


@pytest.mark.slow
def test_a_loss_needs_no_extra(tmp_path: Path) -> None:
    code = """
import torch, alphadsl
z0, z1 = torch.randn(2, 8, 4, requires_grad=True).unbind()
alphadsl.load("infonce", compile=False)(z0, z1).backward()
alphadsl.load("square", compile=False)(z0, z1)
try:
    alphadsl.load("square", backend="interpreter")
except alphadsl.InputError as refusal:
    print(refusal)
"""
    done = hiding(set(), [], code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout
        == "the interpreter needs packages that are not installed (scipy): pip install 'alphadsl[reference]'\n"
    )


@pytest.mark.slow
def test_the_language_needs_no_extra(tmp_path: Path) -> None:
    commands = [
        *(["check", "infonce"], ["explain", "infonce"], ["explain", "decreasing-psi"], ["list"], ["--help"]),
        ["fmt", "--check", str(ROOT / "specs" / "square.alpha")],
        *(["new", "mine"], ["train", "--help"], ["--version"]),
    ]
    code = f"""
from alphadsl.cli.main import app
for words in {commands!r}:
    assert not app(words, standalone_mode=False), words
"""
    done = hiding(set(), [], code, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["train", "infonce"], "train"),
        (["probe"], "train"),
        (["compare"], "train"),
        (["sweep", "infonce"], "train"),
        (["studies"], "train"),
        (["runs"], "train"),
        (["views"], "train"),
        (["export", "mine"], "train"),
        (["plot", "infonce"], "plot"),
        (["bench", "infonce", "-o", "bench.png"], "plot"),
        (["lsp"], "editor"),
    ],
    ids=lambda given: given if isinstance(given, str) else given[0],
)
def test_a_command_without_its_extra_says_what_to_install(words: list[str], extra: str, tmp_path: Path) -> None:
    done = hiding(set(), words, COMMAND, tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"pip install 'alphadsl[{extra}]'" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_module_that_is_missed_later_is_told_too(tmp_path: Path) -> None:
    code = """
from alphadsl.cli import experiment, main
experiment.require = lambda command, extra: None
main.main()
"""
    done = hiding(set(), ["train", "infonce"], code, tmp_path)
    assert done.returncode == 1
    assert "(matplotlib): pip install 'alphadsl[plot]'" in done.stderr
    assert "Traceback" not in done.stderr
