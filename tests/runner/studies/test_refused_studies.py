"""What a study is refused for, in one line, with nothing lost: another study, damage, another program, a full disk."""

import sqlite3
import threading
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from alphadsl.discover.space import SearchSpace
from alphadsl.report.exceptions import InputError
from runner.discovery.plan import SearchPlan, SearchRoom, open_search
from runner.studies.plan import Plan
from runner.studies.storage import open_storage, told_in_a_line
from runner.studies.study import Standing, read_study, room_of
from runner.studies.work import Result, Task, work
from tests.runner.studies.fakes import CONFIG, POWER, TAU, Scorer, opened, plan_of, room_in


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (plan_of(TAU, POWER), "--over tau=0.1,0.2,0.4, now tau=0.1,0.2,0.4 p=1,2"),
        (plan_of(TAU, seeds=3), "seeds 2, now 3"),
        (plan_of(TAU, config=CONFIG.model_copy(update={"lr": 0.5})), "lr 0.01, now 0.5"),
        (plan_of(TAU, losses=("direct",)), "the losses infonce, now direct"),
        (plan_of(TAU, version="0.0.1"), "alphadsl"),
    ],
    ids=["ranges", "seeds", "settings", "specs", "version"],
)
def test_another_study_of_the_same_name_is_refused(tmp_path: Path, other: Plan, told: str) -> None:
    opened(tmp_path, plan_of(TAU))
    with pytest.raises(InputError) as refusal:
        opened(tmp_path, other)
    assert told in refusal.value.message
    assert "--name" in refusal.value.help


def test_an_edited_spec_is_named(tmp_path: Path) -> None:
    plan = plan_of(TAU, losses=("infonce", "direct"))
    opened(tmp_path, plan)
    edited = plan.model_copy(update={"losses": {**plan.losses, "direct": plan.losses["direct"] + "# edited"}})
    with pytest.raises(InputError, match="is another one: the spec of direct has been edited") as refusal:
        opened(tmp_path, edited)
    assert "with the same specs" in refusal.value.help


@pytest.mark.slow
def test_threads_and_places_make_no_other_study(tmp_path: Path) -> None:
    opened(tmp_path, plan_of(TAU))
    opened(tmp_path, plan_of(TAU, config=CONFIG.model_copy(update={"threads": 7, "device": "auto"})))


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + bytes(range(256)) * 16])
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine" / "study.sqlite"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"study\.sqlite cannot be used"):
        opened(tmp_path, plan_of(TAU))
    assert file.read_bytes() == content


def test_a_study_of_another_program_is_left_alone(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    theirs = optuna.create_study(storage=open_storage(room.url), study_name="mine")
    theirs.add_trial(optuna.trial.create_trial(state=TrialState.COMPLETE, value=1.0))
    with pytest.raises(InputError, match="of another program"):
        opened(tmp_path, plan_of(TAU))


def test_a_study_and_a_search_are_not_kept_in_one_folder(tmp_path: Path) -> None:
    plan = SearchPlan(parents={}, space=SearchSpace(), epochs=(1,), seeds=1, seed=0, factor=2, config=CONFIG)
    (study := opened(tmp_path, plan_of(TAU), "study")).trials()
    with pytest.raises(InputError, match="study is a study of sweep, not a search") as refusal:
        open_search(SearchRoom(study.room.folder), plan)
    assert "--name" in refusal.value.help
    open_search(SearchRoom(tmp_path / "search"), plan)
    with pytest.raises(InputError, match="search is a search of discover, not a study"):
        opened(tmp_path, plan_of(TAU), "search")
    assert not (tmp_path / "search" / "study.sqlite").exists()


def test_a_study_whose_folder_was_renamed_is_told_its_name(tmp_path: Path) -> None:
    (opened(tmp_path, plan_of(TAU), "mine").room.folder).rename(tmp_path / "other")
    with pytest.raises(InputError, match=r"no study other in .*, but mine\.") as refusal:
        read_study(room_of("other", tmp_path, None))
    assert refusal.value.help == "Name its folder mine again."
    (tmp_path / "other").rename(tmp_path / "mine")
    assert read_study(room_of("mine", tmp_path, None)).entries()


def test_a_file_without_a_study_says_so(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "study.sqlite").touch()
    with pytest.raises(InputError, match="which has none"):
        read_study(room_of("mine", tmp_path, None))


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("database or disk is full", "Make room"),
        ("disk I/O error", "no locks"),
        ("database is locked", "no locks"),
        ("file is not a database", "Put a copy"),
        ("attempt to write a readonly database", "permissions"),
        ("unable to open database file", "permissions"),
        ("connection refused", "reachable"),
    ],
)
def test_what_a_database_says_has_a_remedy(reason: str, told: str) -> None:
    with pytest.raises(InputError, match=reason) as refusal, told_in_a_line("sqlite:///a/study.sqlite"):
        raise OperationalError("BEGIN", {}, sqlite3.OperationalError(reason))
    assert told in refusal.value.help


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["begun", "ended"])
def test_a_disk_that_is_full_is_told_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """SQLite refuses to write in the middle of a trial, or when its end is written down."""
    study = opened(tmp_path, plan_of(TAU))
    scorer = Scorer(study.room.folder)

    def fills_the_disk(task: Task) -> Result:
        if task.index == 1:
            monkeypatch.setattr(Session, "commit", full)
            if moment == "begun":
                raise InputError("No space left.")
        return scorer(task)

    commit = Session.commit

    def full(session: Session) -> None:
        if threading.current_thread() is not threading.main_thread():
            return commit(session)  # a sign of life
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))

    with pytest.raises(InputError, match=r"study\.sqlite cannot be used: database or disk is full") as refusal:
        work(study, fills_the_disk)
    assert "Make room" in refusal.value.help
    monkeypatch.undo()
    work(opened(tmp_path, plan_of(TAU)), scorer)
    assert all(entry.standing is Standing.DONE for entry in study.entries())
