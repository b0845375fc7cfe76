"""Workers of a sweep that really trains are killed at any moment: every trial is done once, with the same scores."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from optuna.trial import TrialState

from runner.studies.study import INDEX, Standing, Study, read_study, room_of

WORDS = ["sweep", "infonce", "--over", "tau=0.2,0.8", "--seeds", "1", "--epochs", "2"]
SMALL = ["--width", "2", "--batch", "256", "--probe-epochs", "1", "--device", "cpu", "--name", "mine"]
KILLS = 2
"""A trial that three workers died of is given up."""


def started(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "alphadsl", *WORDS, *SMALL, *more]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def workers_of(command: subprocess.Popen[bytes]) -> list[int]:
    """The processes that a command has started to work, as the system knows them."""
    children = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def study_in(folder: Path) -> Study:
    return read_study(room_of("mine", folder / "studies", None))


def kill_one(command: subprocess.Popen[bytes], chance: random.Random) -> None:
    """A worker, or once in a while the command itself."""
    if chance.random() < 0.25:
        command.kill()
        command.wait()
    elif workers := workers_of(command):
        os.kill(chance.choice(workers), signal.SIGKILL)


@pytest.mark.slow
def test_workers_that_are_killed_change_no_score(tmp_path: Path) -> None:
    assert started(tmp_path / "calm").wait() == 0
    chance, command = random.Random(KILLS), started(tmp_path / "shot", "--workers", "2")
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.5, 4))
        if command.poll() is not None:
            command = started(tmp_path / "shot", "--workers", "2")
        else:
            kill_one(command, chance)
    while command.wait() != 0:
        command = started(tmp_path / "shot", "--workers", "2")
    calm, shot = study_in(tmp_path / "calm"), study_in(tmp_path / "shot")
    assert [entry.scores for entry in shot.entries()] == [entry.scores for entry in calm.entries()]
    assert all(entry.standing is Standing.DONE for entry in shot.entries())
    whole = [trial.user_attrs[INDEX] for trial in shot.trials() if trial.state is TrialState.COMPLETE]
    assert Counter(whole) == dict.fromkeys(range(2), 1)
