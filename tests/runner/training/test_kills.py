"""Training that is killed goes on to the very weights and measurements of training that is not, at whatever moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE
from tests.runner.training.test_pretrain import assert_same_run

MOMENTS = 20


@pytest.mark.slow
def test_training_killed_at_random_moments_resumes_bit_exactly(laboratory: Laboratory, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.runner.training.deadly", str(tmp_path), str(MOMENTS)]
    subprocess.run(words, cwd=Path(__file__).parents[3], check=True)
    killed = sorted(path.name for path in tmp_path.glob("killed-*"))
    for name in killed:
        resumed = laboratory.train(name, PlainInfoNCE(), IfExists.RESUME)
        assert_same_run(RunFolder(tmp_path / "straight"), resumed)
    assert len(killed) >= MOMENTS - 1, "at most the first write, of the folder itself, leaves nothing"
