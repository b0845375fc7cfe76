"""The state of a search can be read from its folder, during and after it, and a search reports its progress."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alphadsl.cli.main import app
from alphadsl.discover.space import SearchSpace
from runner.discovery import search as searching
from runner.discovery.log import BredEvent, ScoredEvent, SearchLog
from runner.discovery.overview import look_at_search
from runner.discovery.plan import SearchPlan, SearchRoom, open_search, read_plan
from runner.discovery.report import make_page
from runner.discovery.search import Pace
from runner.records.folder import RunFolder, locked
from runner.settings.resolving import make_config
from runner.studies.candidates import Candidate, write_candidates
from runner.studies.marks import keep_command

TEXT = "loss c00001 {\n  alpha[i,j] ~ exp(-3 * d[i,j])\n}\n"


@pytest.fixture
def room(tmp_path: Path) -> SearchRoom:
    """A search that has written two losses, let one through, and trained it at the toy."""
    config = make_config("digits")
    plan = SearchPlan(
        parents={"infonce": TEXT}, space=SearchSpace(), epochs=(2,), seeds=1, seed=0, factor=3, config=config
    )
    room = SearchRoom(tmp_path / "studies" / "first")
    open_search(room, plan)
    log = SearchLog.open(room.log)
    log.add(BredEvent(number=0, name="infonce", text=TEXT, size=4, control=True))
    log.add(BredEvent(number=1, name="c00001", text=TEXT, size=5))
    log.add(BredEvent(number=2, name="c00002", gate="familiar"))
    log.add(ScoredEvent(name="infonce", rung="2 epochs", scores=(0.9,), seconds=60))
    log.add(ScoredEvent(name="c00001", rung="toy", scores=(0.7,), seconds=3))
    return room


def test_the_front_on_the_page_is_the_front_that_is_drawn(room: SearchRoom) -> None:
    log = SearchLog.open(room.log)
    log.add(ScoredEvent(name="infonce", rung="toy", scores=(0.9,), seconds=3))
    page = make_page("first", read_plan(room), log, "toy")
    assert "# infonce: a loss that the search started from, size 4, 90.0 %" in page
    assert "loss c00001" not in page


def listed(room: SearchRoom) -> str:
    shown = CliRunner().invoke(app, ["studies", "--studies-dir", str(room.folder.parent)], catch_exceptions=False)
    assert shown.exit_code == 0, shown.output
    return shown.stdout


def test_studies_lists_a_search_and_the_command_that_goes_on(room: SearchRoom) -> None:
    keep_command(room.folder, "alphadsl discover infonce --name first")
    with locked(RunFolder(room.folder)):
        assert "running" in listed(room)
        assert "continues with" not in listed(room)
    told = listed(room)
    assert "stopped" in told
    assert "c00001 at toy" in told
    assert "70.0" in told
    assert "first continues with: alphadsl discover infonce --name first" in told
    write_candidates(room.listed, [Candidate(name="c00001", spec=TEXT)])
    assert "ended" in listed(room)
    assert f"first continues with: alphadsl sweep {room.folder} --over" in listed(room)


def test_to_look_at_a_search_changes_nothing(room: SearchRoom) -> None:
    """Another process may be in the middle of a line."""
    with room.log.open("a") as log:
        log.write('{"kind": "bre')
    before = room.log.read_bytes()
    assert look_at_search(room).log.bred == 2
    assert room.log.read_bytes() == before


def test_a_damaged_search_does_not_hide_the_others(room: SearchRoom) -> None:
    (room.folder.parent / "second").mkdir()
    (room.folder.parent / "second" / "search.json").write_text("{")
    shown = CliRunner().invoke(app, ["studies", "--studies-dir", str(room.folder.parent)], catch_exceptions=False)
    assert shown.exit_code == 1
    assert "c00001 at toy" in shown.stdout
    assert "second/search.json is damaged" in shown.stderr.replace("\n", "")


def test_a_search_says_how_far_it_is_now_and_then(room: SearchRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    pace = Pace(3600, SearchLog.look(room.log), told.append)
    pace.say()
    assert told == []
    monkeypatch.setattr(searching, "LINE_SECONDS", 0.0)
    pace.say()
    assert told == ["0:01:03 of 1:00:00 spent: 2 written, 1 through the gates."]
