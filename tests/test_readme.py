"""The README holds: its Python runs, its commands run, its make targets exist, its spec is admitted."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import alphadsl
from tests.processes import run_command

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def blocks(kind: str) -> list[str]:
    found = [text for language, text in BLOCKS if language == kind]
    assert found, f"the README has no block of {kind!r}"
    return found


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize("spec", blocks("alpha"))
def test_specs_are_admitted(spec: str) -> None:
    assert alphadsl.check(spec) == []


@pytest.mark.slow
@pytest.mark.parametrize("commands", blocks("sh"))
def test_commands_run_one_after_another(commands: str, tmp_path: Path) -> None:
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "alphadsl"
        done = run_command(*arguments, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs").is_dir()


def test_make_targets_exist() -> None:
    named = {line.split()[1] for text in blocks("") for line in text.splitlines() if line.startswith("make ")}
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"demo", "test"} <= named <= set(targets)
