"""A study is worked through exactly once, by one worker or several, whatever is killed on the way."""

import itertools
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from alphadsl.report.exceptions import InputError
from runner.studies import study as studies
from runner.studies import work as working
from runner.studies.plan import Ladder, Plan
from runner.studies.space import Listed
from runner.studies.spread import spread_point
from runner.studies.study import INDEX, Standing, Study, read_study
from runner.studies.work import Task, work
from runner.studies.workers import Assignment, core_shares, run_workers
from tests.processes import SERVER
from tests.runner.studies.fakes import (
    CONFIG,
    POWER,
    RATE,
    TAU,
    TWELVE,
    Diverges,
    Scorer,
    asked,
    make_deadly,
    make_killed_once,
    make_scorer,
    opened,
    plan_of,
    room_in,
    score_at,
    work_at_once,
)

TWO = TAU.model_copy(update={"values": (0.1, 0.2)})
BOTH = plan_of(TWO, POWER, losses=("infonce", "direct"))


def scores(study: Study) -> dict[str, float | None]:
    return {str(entry.point): entry.score for entry in study.entries()}


def worked(folder: Path, plan: Plan) -> Study:
    study = opened(folder, plan)
    work(study, Scorer(study.room.folder))
    return study


def taken(study: Study) -> optuna.Trial:
    """A trial that somebody has set running, and nothing more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the heartbeat, which is what this one lacks
        return study.optuna.ask()


def test_a_grid_gives_each_loss_the_parameters_that_it_has(tmp_path: Path) -> None:
    study = worked(tmp_path, BOTH)
    entries = study.entries()
    assert [str(entry.point) for entry in entries] == [
        *(f"infonce tau={tau}" for tau in (0.1, 0.2)),
        *(f"direct tau={tau} p={p}" for tau, p in itertools.product((0.1, 0.2), (1, 2))),
    ]
    assert all(entry.standing is Standing.DONE and entry.score == score_at(entry.point, 9) for entry in entries)
    assert asked(study.room.folder) == dict.fromkeys(range(6), 1)


@pytest.mark.slow
def test_workers_in_processes_find_what_one_worker_finds(tmp_path: Path) -> None:
    alone = scores(worked(tmp_path / "alone", BOTH))
    study = opened(tmp_path / "shared", BOTH)
    run_workers(study, Assignment(study.room, CONFIG, make=make_scorer), 2, lambda: None)
    assert scores(study) == alone
    assert asked(study.room.folder) == dict.fromkeys(range(6), 1)


@pytest.mark.slow
def test_two_commands_that_start_at_once_do_no_trial_twice(tmp_path: Path) -> None:
    """Nothing is there yet: both make the database, the study and its trials."""
    work_at_once(SERVER, 2, room_in(tmp_path), plan_of(TWELVE))
    study = read_study(room_in(tmp_path))
    assert asked(study.room.folder) == dict.fromkeys(range(12), 1)
    assert all(entry.standing is Standing.DONE for entry in study.entries())


@pytest.mark.slow
def test_the_trial_of_a_worker_that_is_killed_is_taken_up_again(tmp_path: Path) -> None:
    study = opened(tmp_path, plan_of(TAU))
    run_workers(study, Assignment(study.room, CONFIG, make=make_killed_once), 1, lambda: None)
    assert all(entry.standing is Standing.DONE for entry in study.entries())
    assert asked(study.room.folder) == dict.fromkeys(range(3), 1)


@pytest.mark.slow
def test_a_trial_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    study = opened(tmp_path, plan_of(TAU))
    run_workers(study, Assignment(study.room, CONFIG, make=make_deadly), 1, lambda: None)
    standings = [entry.standing for entry in study.entries()]
    assert standings == [Standing.DONE, Standing.FAILED, Standing.DONE]
    assert study.entries()[1].reason == "3 workers died of it"


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), InputError("The disk is full.")], ids=["stopped", "refused"])
def test_a_study_that_was_stopped_goes_on(tmp_path: Path, fault: BaseException) -> None:
    study = opened(tmp_path, plan_of(TAU))
    scorer = Scorer(study.room.folder)

    def stops(task: Task) -> object:
        if task.index == 1:
            raise fault
        return scorer(task)

    with pytest.raises(type(fault)):
        work(study, stops)  # type: ignore[arg-type]
    assert [entry.standing for entry in study.entries()][:2] == [Standing.DONE, Standing.WAITING]
    again = worked(tmp_path, plan_of(TAU))
    assert all(entry.standing is Standing.DONE for entry in again.entries())
    assert asked(again.room.folder) == dict.fromkeys(range(3), 1)


def test_training_that_diverges_is_a_failed_trial_with_its_reason(tmp_path: Path) -> None:
    study = opened(tmp_path, plan_of(TAU))
    work(study, Diverges(study.room.folder))
    first, *others = study.entries()
    assert (first.standing, first.reason, first.score) == (Standing.FAILED, "seed 0: the loss is nan", None)
    assert all(entry.standing is Standing.DONE for entry in others)


def test_trials_put_in_twice_count_once(tmp_path: Path) -> None:
    """As where two commands repair a study at once."""
    study = opened(tmp_path, plan_of(TAU))
    study.optuna.enqueue_trial({"tau": 0.2}, user_attrs={INDEX: 1})
    study.optuna.enqueue_trial({"tau": 0.2})
    work(study, Scorer(study.room.folder))
    assert asked(study.room.folder) == dict.fromkeys(range(3), 1)


def test_a_trial_whose_worker_never_said_who_it_is_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between taking a trial and saying so: no heartbeat tells."""
    monkeypatch.setattr(studies, "GRACE", 0)
    study = opened(tmp_path, plan_of(TAU))
    taken(study)
    assert worked(tmp_path, plan_of(TAU)).entries()[0].standing is Standing.DONE


@pytest.mark.slow
def test_random_points_are_the_same_whoever_draws_them(tmp_path: Path) -> None:
    plan = plan_of(TAU, RATE, search="random", trials=3)
    points = [scores(worked(tmp_path / place, plan)) for place in ("one", "two")]
    assert points[0] == points[1]
    assert len(points[0]) == 3


def test_random_points_are_the_same_for_every_loss() -> None:
    wider = Listed(name="direct.tau", losses=("direct",), values=(1.0, 2.0, 4.0))
    plan = plan_of(TAU, wider, POWER, RATE, losses=("infonce", "direct"), search="random", trials=12)
    points = [plan.point(fixed) for fixed in plan.fixed_points]
    infonce, direct = ([point for point in points if point.loss == loss] for loss in ("infonce", "direct"))
    assert [point.settings["lr"] for point in infonce] == [point.settings["lr"] for point in direct]
    assert [10 * point.values["tau"] for point in infonce] == [point.values["tau"] for point in direct]
    assert len({point.settings["lr"] for point in infonce}) == 6


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_spread_points_leave_no_part_of_a_range_out(dimensions: int) -> None:
    for seed in range(20):
        points = np.array([spread_point(seed, dimensions, number) for number in range(8)])
        assert (points >= 0).all()
        assert (points < 1).all()
        for axis in points.T:
            ends = np.sort(axis)
            gaps = np.append(np.diff(ends), 1 - ends[-1] + ends[0])
            assert gaps.max() < 0.34


@pytest.mark.slow
def test_tpe_of_one_worker_can_be_had_again_and_finds_the_planted_best(tmp_path: Path) -> None:
    plan = plan_of(TAU, RATE, search="tpe", trials=16)
    first, second = (worked(tmp_path / place, plan) for place in ("one", "two"))
    assert scores(first) == scores(second)
    best = max(first.entries(), key=lambda entry: entry.score or 0)
    assert best.point.values == {"tau": 0.2}
    assert 0.003 < float(best.point.settings["lr"]) < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("prune", ["halving", "hyperband"])
def test_the_planted_best_climbs_every_rung(tmp_path: Path, prune: str) -> None:
    values = tuple(0.2 + 0.02 * step for step in (4, 2, 5, 0, 6, 3, 1))
    plan = plan_of(TAU.model_copy(update={"values": values}), ladder=Ladder(prune=prune, first=1, factor=3))
    entries = worked(tmp_path, plan).entries()
    assert entries[3].standing is Standing.DONE
    assert [epochs for epochs, _ in entries[3].rungs] == [1, 3]
    assert entries[3].score == max(entry.score or 0 for entry in entries)
    assert {entry.standing for entry in entries} == {Standing.DONE, Standing.PRUNED}


def test_workers_share_the_cores_without_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1, 2, 3, 7})
    assert core_shares(2, 2) == [(0, 1), (2, 3)]
    assert core_shares(3, 2) == [(), (), ()]


def test_a_worker_that_waits_sees_what_others_give_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left to take, one trial runs elsewhere, and then it is broken off."""
    study = opened(tmp_path, plan_of(TAU.model_copy(update={"values": (0.2,)})))
    theirs = taken(study)
    giving_up = SimpleNamespace(sleep=lambda seconds: study.optuna.tell(theirs, state=TrialState.FAIL))
    monkeypatch.setattr(working, "time", giving_up)
    work(study, Scorer(study.room.folder))
    assert study.entries()[0].standing is Standing.DONE
