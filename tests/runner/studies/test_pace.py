"""A confirmation says which run it is at and how long the rest takes."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner.experiment import Failure, Options, Outcome
from runner.plan import PlannedRun
from runner.settings.resolving import make_config
from runner.studies import confirm as confirming
from runner.studies.confirm import FIRST_SEED, Contender, Pace, plan_confirmation
from runner.supplies import Stock
from tests.runner.losses import PlainInfoNCE

BUDGET = make_config("digits", epochs=2, device="cpu", seed=FIRST_SEED)


def planned(root: Path, seeds: int) -> list[PlannedRun]:
    return plan_confirmation([Contender(PlainInfoNCE(name="a"))], BUDGET, range(FIRST_SEED, FIRST_SEED + seeds), root)


def test_a_line_before_each_run_says_how_long_the_rest_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    over: list[PlannedRun] = []
    runs = planned(tmp_path, 3)
    pace = Pace(runs, over.__contains__)
    pace.started -= 100
    for run in runs:
        pace.announce(run)
        over.append(run)
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "Run 1 of 3: a on digits with seed 1000000."
    assert second.startswith("Run 2 of 3: a on digits with seed 1000001; about 0:03:20")
    assert third.endswith("about 0:00:50 left.")


def test_a_run_that_fails_counts_as_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(plan: Sequence[PlannedRun], options: Options) -> Outcome:
        assert options.before is not None
        options.before(plan[0])
        return Outcome((), True, (Failure(plan[0], InputError("The loss is nan at step 3.")),))

    monkeypatch.setattr(confirming, "train_runs", fail)
    confirmed = confirming.confirm([planned(tmp_path, 2)], Stock())
    assert len(confirmed.failures) == 2
    first, second = (f"{tmp_path / run.path.name} failed: The loss is nan at step 3." for run in planned(tmp_path, 2))
    said = capsys.readouterr().err.splitlines()
    assert [said[0][:10], said[1], said[2][:10], said[3]] == ["Run 1 of 2", first, "Run 2 of 2", second]
