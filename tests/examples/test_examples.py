"""The examples run as they are, and learn something."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_learns(example: Path, tmp_path: Path) -> None:
    """Raw pixels give 88 % to a linear probe of these digits; an encoder that collapsed gives 10."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"linear probe .*: ([\d.]+)%", done.stdout)
    assert found is not None, done.stdout
    assert float(found[1]) > 85


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_named_where_people_look(example: Path) -> None:
    for page in ("README.md", "docs/training.md"):
        assert f"examples/{example.name}" in (ROOT / page).read_text(encoding="utf-8")
