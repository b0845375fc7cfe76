"""The examples run as they are, and learn something."""

import re
import runpy
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.filterwarnings("default")  # those of Lightning are not ours
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_learns(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Raw pixels give 81 % to this probe, and an encoder that collapsed 10. The examples run in this process, since in
    one of their own they would mostly import torch."""
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng():
        runpy.run_path(str(example), run_name="__main__")
    found = re.search(r"linear probe .*: ([\d.]+)%", capsys.readouterr().out)
    assert found is not None
    assert float(found[1]) > 85
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_named_where_people_look(example: Path) -> None:
    for page in ("README.md", "docs/training.md"):
        assert f"examples/{example.name}" in (ROOT / page).read_text(encoding="utf-8")
