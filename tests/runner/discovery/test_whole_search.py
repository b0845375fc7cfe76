"""A search from its plan to what it hands on, and what becomes of a fault of one of its runs."""

from pathlib import Path

import pytest
from PIL import Image

from alphadsl.discover.known import journey_of
from alphadsl.report.exceptions import InputError
from runner.discovery import discover as whole
from runner.discovery.discover import discover
from runner.discovery.log import SearchLog
from runner.discovery.plan import SearchRoom, open_search
from runner.discovery.rungs import Trained, rungs_of
from runner.experiment import Failure, Options, Outcome
from runner.probing import ProbeFailedError
from runner.settings.resolving import make_config
from runner.studies import trial
from runner.studies.candidates import read_candidates
from runner.studies.work import FailedError
from runner.supplies import Stock
from runner.training.finite import DivergedError
from tests.runner.discovery.test_search import PARENTS, Fake, plan_for, planted

BUDGET = 1.0
"""Seconds of judging; to train costs nothing here."""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SearchRoom:
    """Where nothing is trained, and little is known."""
    known = [journey_of(name, text) for name, text in PARENTS.items()]
    rungs = (Fake("toy", planted), Fake("2 epochs", planted))
    monkeypatch.setattr(whole, "known_losses", lambda: known)
    monkeypatch.setattr(whole, "kept_stages", lambda text: ())
    monkeypatch.setattr(whole, "KEPT", 1)
    monkeypatch.setattr(whole, "rungs_of", lambda plan, room, stock: rungs)
    monkeypatch.setattr(whole, "Toy", lambda seeds, seed: rungs[0])
    return SearchRoom(tmp_path / "first")


@pytest.mark.slow
def test_a_search_hands_on_what_it_found_and_goes_on_with_more_time(room: SearchRoom) -> None:
    plan = open_search(room, plan_for())
    page = discover(plan, room, BUDGET, Stock())
    first = SearchLog.look(room.log)
    assert page.read_text(encoding="utf-8").count("<svg") == 1
    handed = read_candidates(room.listed)
    assert [one.name for one in handed][: len(PARENTS)] == list(PARENTS)
    found = handed[len(PARENTS) :]
    assert {f"{one.name}.alpha" for one in found} == {path.name for path in room.candidates.iterdir()}
    assert all(one.seeds == (0, 1) and one.search_score is not None for one in handed)
    assert all(first.candidates[one.name].trimmed is not None for one in found)
    discover(open_search(room, plan_for()), room, 2 * BUDGET, Stock())
    then = SearchLog.look(room.log)
    assert then.events[: len(first.events)] == first.events
    assert then.bred > first.bred


def test_a_search_that_is_stopped_leaves_a_page(room: SearchRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(self: object, budget: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(whole.Search, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        discover(open_search(room, plan_for()), room, BUDGET, Stock())
    assert room.page.is_file()
    assert not room.listed.exists()


def trained_with(folder: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> Trained:
    """A rung of the trainer, whose runs end with a fault."""

    def train(runs: list[object], options: Options) -> Outcome:
        if not isinstance(fault, InputError):
            raise fault
        return Outcome((), True, (Failure(runs[0], fault),))  # type: ignore[arg-type]

    monkeypatch.setattr(trial, "train_runs", train)
    _, rung = rungs_of(plan_for(width=2), SearchRoom(folder), Stock())
    assert isinstance(rung, Trained)
    return rung


OWN_FAULTS = {
    "diverged": DivergedError("The loss is nan in epoch 1.", ""),
    "too large": RuntimeError("CUDA out of memory"),
}


@pytest.mark.parametrize("name", OWN_FAULTS)
def test_a_fault_of_a_candidate_is_its_own(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rung = trained_with(tmp_path, monkeypatch, OWN_FAULTS[name])
    with pytest.raises(FailedError, match=r"nan|memory"):
        rung.score("infonce", PARENTS["infonce"], {})


def test_a_full_disk_is_no_fault_of_a_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rung = trained_with(tmp_path, monkeypatch, ProbeFailedError("The disk is full.", ""))
    with pytest.raises(InputError, match="disk is full"):
        rung.score("infonce", PARENTS["infonce"], {})


def test_missing_images_are_told_before_the_search(tmp_path: Path) -> None:
    plan = plan_for().model_copy(update={"config": make_config("cifar10", data_dir=tmp_path)})
    with pytest.raises(InputError, match="cifar"):
        rungs_of(plan, SearchRoom(tmp_path), Stock())


def test_images_without_labels_cannot_be_searched_on(tmp_path: Path) -> None:
    for index in range(12):
        Image.new("RGB", (8, 8), (20 * index, 0, 0)).save(tmp_path / f"{index}.png")
    plan = plan_for().model_copy(update={"config": make_config("folder", data_dir=tmp_path, image_size=8)})
    with pytest.raises(InputError, match="have no labels"):
        rungs_of(plan, SearchRoom(tmp_path), Stock())
