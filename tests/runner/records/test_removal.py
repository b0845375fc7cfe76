"""Removing a run: what the runner wrote goes."""

from pathlib import Path

import pytest

from runner.records.checkpoints import set_aside
from runner.records.removal import remove
from tests.runner.runs import make_run


def test_a_checkpoint_that_was_moved_aside_goes_with_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = make_run(Path("runs/a"))
    for _ in range(2):
        set_aside(run.checkpoint)
        run.checkpoint.write_bytes(b"")
    assert remove(run) == ()
    assert not run.path.exists()
