"""What `train` says to do next, for every way in which it can end without a failure."""

import sys
from pathlib import Path

import pytest

from alphadsl.cli.advice import next_step
from runner.experiment import Outcome
from tests.runner.comparison.made import INFONCE, make_seeds


@pytest.mark.parametrize(
    ("typed", "losses", "seeds", "settings", "probed", "told"),
    [
        ("a --overwrite", ["a"], 1, {"epochs": 2}, True, "alphadsl export RUNS/a-0 -o encoder.pt"),
        ("a --no-probe", ["a"], 2, {"epochs": 2}, False, "alphadsl probe RUNS/a-0 RUNS/a-1"),
        ("a --stop-after 2", ["a"], 1, {"epochs": 9}, True, "alphadsl train a --resume"),
        ("a --stop-after=2 --no-probe", ["a"], 1, {"epochs": 9}, False, "alphadsl train a --no-probe --resume"),
        ("a b --seeds 3 --lr 1", ["a", "b"], 3, {"epochs": 2}, True, "alphadsl train a b --lr 1 --seeds 6 --resume"),
        ("a b --resume", ["a", "b"], 1, {"epochs": 2}, True, "alphadsl train a b --seeds 6 --resume"),
        ("a b --name c", ["a", "b"], 1, {"epochs": 2}, True, "alphadsl compare RUNS/a-0 RUNS/b-0 --csv --latex"),
        ("a b --seeds=6", ["a", "b"], 6, {"epochs": 2}, True, "alphadsl compare RUNS/a-0 "),
    ],
)
def test_a_command_comes_next(
    typed: str,
    losses: list[str],
    seeds: int,
    settings: dict[str, object],
    probed: bool,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["alphadsl", "train", *typed.split()])
    runs = tuple(run for loss in losses for run in make_seeds(tmp_path, loss, INFONCE[:seeds], **settings))
    step = next_step(Outcome(runs, probed, ()))
    assert step.replace(str(tmp_path), "RUNS").startswith(told)
    assert step.partition("   ")[2].startswith("to ")


@pytest.mark.parametrize(
    ("others", "told"), [([], "alphadsl probe --runs-dir RUNS   "), (["b"], "alphadsl probe RUNS/a-0 ")]
)
def test_many_runs_are_named_by_their_folder_if_it_has_no_others(others: list[str], told: str, tmp_path: Path) -> None:
    runs = make_seeds(tmp_path, "a", [0.5] * 13)
    for loss in others:
        make_seeds(tmp_path, loss, (0.5,))
    step = next_step(Outcome(tuple(runs), False, ()))
    assert step.replace(str(tmp_path), "RUNS").startswith(told)
