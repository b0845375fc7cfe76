"""What a command imports before it answers: time is not measured, but what costs it is named."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "scipy", "torch", "matplotlib", "lightning", "rich.console")
# Read only where a text is wrong, where JSON is written, or where another command is called.
ON_DEMAND = (
    "alphadsl.backend.module",
    "alphadsl.bench",
    "alphadsl.cli.bench",
    "alphadsl.cli.experiment",
    "alphadsl.cli.theory",
    "alphadsl.editor",
    "alphadsl.explain",
    "alphadsl.ir.core",
    "alphadsl.ir.loss_json",
    "alphadsl.prove.tried",
    "alphadsl.reference",
    "alphadsl.report.outside",
    "alphadsl.resolve.habits",
    "alphadsl.syntax.habits",
    "alphadsl.syntax.mistakes",
    "runner.records",
    "runner.settings.config",
    "runner.settings.options",
    "runner.settings.resolving",
    "runner.studies",
    "runner.theory",
    "runner.training.pretrain",
)
MOST = 125  # of our own; 176 were imported when every command was


def run(*arguments: str) -> tuple[list[str], list[str]]:
    """The modules that a command imports, and the diagnostics whose methods it has written."""
    script = f"""
import json, sys
from alphadsl.cli.main import app
app({[*arguments]!r}, standalone_mode=False)
from alphadsl.report.diagnostic import Diagnostic
made = [kind.__name__ for kind in Diagnostic.__subclasses__() if "__dataclass_fields__" in vars(kind)]
print(json.dumps([[*sys.modules], made]))
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    modules, made = json.loads(done.stdout.splitlines()[-1])
    return modules, made


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("loss", ["infonce", "square"])
def test_a_right_spec_is_checked_with_little(loss: str) -> None:
    """NumPy is needed only where intervals do not decide: a blend is evaluated on batches."""
    modules, made = run("check", loss)
    assert not [name for name in modules if within(name, (*HEAVY, *ON_DEMAND))]
    assert sum(within(name, ("alphadsl",)) for name in modules) <= MOST
    assert made == []


def test_the_version_is_told_with_less() -> None:
    modules, _ = run("--version")
    assert not [name for name in modules if within(name, (*HEAVY, "pydantic", "lark", "alphadsl.ir"))]


def test_runs_are_listed_without_what_trains_them(tmp_path: Path) -> None:
    modules, _ = run("runs", "--runs-dir", str(tmp_path))
    assert "runner.overview" in modules
    assert not [name for name in modules if within(name, ("torchvision", "lightning"))]
