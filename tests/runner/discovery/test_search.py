"""A search finds what is planted, keeps to its controls, and continues after a stop as if there had been none."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import alphadsl
from alphadsl.api import find_text
from alphadsl.discover.familiar import Near
from alphadsl.discover.gates import Gate, Gates, Passed, Refused, core_of
from alphadsl.discover.known import journey_of, parents_from, size_of
from alphadsl.discover.space import SearchSpace
from alphadsl.report.exceptions import InputError, SpecError
from runner.discovery.discover import best_of
from runner.discovery.log import BredEvent, RungEvent, ScoredEvent, SearchLog
from runner.discovery.plan import SearchPlan, SearchRoom, open_search
from runner.discovery.report import make_page, ranking, summary, top_rung, write_candidates
from runner.discovery.rungs import Rung, Toy
from runner.discovery.search import NULL, Search
from runner.settings.resolving import make_config
from runner.studies.work import FailedError

SPACE = SearchSpace(pairs=("two_view",), families=("proportional", "coordinate"), max_size=16, paths=False)
PARENTS = parents_from([find_text(name) for name in ("direct", "infonce", "dcl", "triplet")])
Score = Callable[[str, Mapping[str, float]], float]


class StoppedError(Exception):
    """The moment at which a search is cut off."""


@dataclass
class Fake:
    """A rung that trains nothing."""

    name: str
    of: Score
    most: int = 10**6
    calls: list[str] = field(default_factory=list)

    def score(self, name: str, text: str, values: Mapping[str, float]) -> tuple[float, ...]:
        if len(self.calls) >= self.most:
            raise StoppedError
        self.calls.append(name)
        return (self.of(text, values), self.of(text, values) + 0.001)


def planted(text: str, values: Mapping[str, float]) -> float:
    """What is planted: softplus is good, the rest alike; shorter is no better."""
    return 0.9 if "softplus" in text else 0.5


def plan_for(seed: int = 0, **settings: object) -> SearchPlan:
    config = make_config("digits", **settings)
    return SearchPlan(parents=PARENTS, space=SPACE, epochs=(2,), seeds=2, seed=seed, factor=3, config=config)


class QuickGates(Gates):
    """The checker and the canonical core alone; the comparison with all that is known has its own tests."""

    def judge(self, name: str, text: str) -> Passed | Refused:
        try:
            journey = journey_of(name, text)
        except SpecError as refusal:
            return Refused(Gate.ADMITTED, refusal.diagnostics[0].code)
        known = self.cores.get(core_of(journey))
        return Refused(Gate.CORE, known) if known else Passed(journey, size_of(name, text), Near("none", {}, 45.0))


def search_in(folder: Path, *rungs: Rung, plan: SearchPlan | None = None) -> Search:
    plan = plan or plan_for()
    room = SearchRoom(folder)
    open_search(room, plan)
    log = SearchLog.open(room.log)
    gates = QuickGates(SPACE)
    for candidate in log.candidates.values():
        if not candidate.bred.control:
            gates.learn(journey_of(candidate.name, candidate.bred.text))
    return Search(plan, log, rungs, gates, lambda line: None)


def run_until(search: Search) -> None:
    with pytest.raises(StoppedError):
        search.run(budget=1e9)


def events_of(search: Search) -> list[dict[str, object]]:
    return [event.model_dump(exclude={"seconds"}) for event in search.log.events]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Search:
    search = search_in(tmp_path_factory.mktemp("search"), Fake("toy", planted, most=60), Fake("2 epochs", planted))
    run_until(search)
    return search


def test_what_is_planted_is_found_and_promoted(finished: Search) -> None:
    best = ranking(finished.log, "2 epochs")[0]
    assert not best.bred.control
    assert "softplus" in best.bred.text
    assert any(
        "softplus" in one.bred.text for one in best_of(finished.log, top_rung(finished.log, ["toy", "2 epochs"]))
    )


def test_every_control_is_trained_like_a_candidate(finished: Search) -> None:
    assert {one.name for one in finished.controls} == {*PARENTS, NULL}
    for control in finished.controls:
        assert set(control.scored) == {"toy", "2 epochs"}
    null = next(one for one in finished.controls if one.name == NULL)
    assert null.score("toy") == pytest.approx(0.5005)


def test_a_planted_null_beats_nobody(tmp_path: Path) -> None:
    """Where all losses score alike, nothing found is ahead of the clone."""
    search = search_in(
        tmp_path / "s", Fake("toy", lambda text, values: 0.5, most=40), Fake("2 epochs", lambda t, v: 0.5)
    )
    run_until(search)
    told = list(summary(search.log, "toy", list(PARENTS)))
    scores = {one.score("toy") for one in ranking(search.log, "toy")}
    assert len(scores) == 1
    assert "null control" in told[-1]


def test_every_candidate_is_tuned_at_as_many_values_as_the_controls(tmp_path: Path) -> None:
    """A loss that needs another temperature is scored at it, whoever it is."""

    def needs_heat(text: str, values: Mapping[str, float]) -> float:
        return 0.8 if any(value > 5 for value in values.values()) else 0.4

    search = search_in(tmp_path / "s", Fake("toy", needs_heat, most=30), Fake("2 epochs", needs_heat))
    run_until(search)
    direct = search.log.candidates["direct"]
    assert direct.scored["toy"].values == {"p": 12.0}
    assert direct.score("2 epochs") == pytest.approx(0.8005)


def test_a_search_that_was_cut_off_goes_on_as_if_it_had_not_been(tmp_path: Path, finished: Search) -> None:
    for most in (7, 26, 27):
        run_until(search_in(tmp_path / "s", Fake("toy", planted, most=most), Fake("2 epochs", planted)))
    last = search_in(tmp_path / "s", Fake("toy", planted, most=60), Fake("2 epochs", planted))
    run_until(last)
    whole, pieces = events_of(finished), events_of(last)
    assert pieces[: len(whole)] == whole[: len(pieces)]
    assert len(pieces) > 60


def test_half_a_line_at_the_end_is_done_again(tmp_path: Path) -> None:
    search = search_in(tmp_path / "s", Fake("toy", planted, most=20), Fake("2 epochs", planted))
    run_until(search)
    whole = search.log.path.read_bytes()
    search.log.path.write_bytes(whole[:-25])
    again = SearchLog.open(search.log.path)
    assert len(again.events) == len(search.log.events) - 1
    assert search.log.path.read_bytes() == whole[: len(search.log.path.read_bytes())]
    lines = whole.split(b"\n")
    search.log.path.write_bytes(b"\n".join([lines[0], b"{}", *lines[2:]]))
    with pytest.raises(InputError, match="damaged in line 2"):
        SearchLog.open(search.log.path)


def test_a_rung_that_does_not_predict_is_left_out(tmp_path: Path) -> None:
    order = {name: place / 10 for place, name in enumerate(PARENTS)}

    def by_name(sign: float) -> Score:
        return lambda text, values: 0.5 + sign * next((o for name, o in order.items() if f"loss {name} " in text), 0.0)

    search = search_in(tmp_path / "s", Fake("toy", by_name(-1), most=40), Fake("2 epochs", by_name(1), most=20))
    run_until(search)
    (event,) = (event for event in search.log.events if isinstance(event, RungEvent))
    assert event.correlation == pytest.approx(-1)
    assert not event.kept
    assert [rung.name for rung in search.rungs] == ["2 epochs"]


def test_a_candidate_that_diverges_is_scored_as_failed(tmp_path: Path) -> None:
    @dataclass
    class Diverging(Fake):
        def score(self, name: str, text: str, values: Mapping[str, float]) -> tuple[float, ...]:
            scores = super().score(name, text, values)
            if name == "dcl":
                raise FailedError("its loss is nan at step 3")
            return scores

    search = search_in(tmp_path / "s", Diverging("toy", planted, most=25), Fake("2 epochs", planted))
    run_until(search)
    scored = search.log.candidates["dcl"].scored["toy"]
    assert scored.failed == "its loss is nan at step 3"
    assert search.log.candidates["dcl"].score("toy") is None


def test_another_search_in_the_folder_is_refused(tmp_path: Path) -> None:
    open_search(SearchRoom(tmp_path), plan_for())
    open_search(SearchRoom(tmp_path), plan_for())
    open_search(SearchRoom(tmp_path), plan_for(save_every="5min", logger="none"))
    with pytest.raises(InputError, match="another seed: 0, now 1"):
        open_search(SearchRoom(tmp_path), plan_for(seed=1))
    with pytest.raises(InputError, match=r"another lr: 0\.01, now 0\.5"):
        open_search(SearchRoom(tmp_path), plan_for(lr=0.5))
    (tmp_path / "search.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        open_search(SearchRoom(tmp_path), plan_for())


@pytest.mark.slow
def test_candidates_are_files_that_load_and_the_page_shows_them(tmp_path: Path, finished: Search) -> None:
    room = SearchRoom(tmp_path)
    found = best_of(finished.log, "2 epochs")
    for path in write_candidates(room, finished.plan, found):
        loss = alphadsl.load(path, compile=False)
        assert loss.name == path.stem
        assert "Not confirmed." in path.read_text()
    page = make_page("digits-discover-0", finished.plan, finished.log, "2 epochs")
    assert not re.search(r'(src|href)="?(https?:)?//', page.replace("xlink:href", ""))
    assert "null control" in page
    assert found[0].name in page
    assert "<svg" in page


def test_events_keep_what_they_say(tmp_path: Path) -> None:
    log = SearchLog(tmp_path / "log.jsonl")
    log.add(BredEvent(number=1, name="c1", text="x", size=3, near="infonce(tau = 0.2)", angle=4.5))
    log.add(ScoredEvent(name="c1", rung="toy", scores=(0.5, 0.7), values={"tau": 0.1}, seconds=2.5))
    again = SearchLog.open(tmp_path / "log.jsonl")
    assert again.events == log.events
    assert again.candidates["c1"].score("toy") == pytest.approx(0.6)
    assert again.seconds == 2.5
    assert again.gates() == {"passed": 1}


@pytest.mark.slow
def test_a_loss_with_endless_steps_is_given_up() -> None:
    text = "loss slow {\n  R(a) = -a * log(a) - a^2\n  alpha in simplex\n}\n"
    with pytest.raises(FailedError, match=r"its steps take \d+ times as long as those of InfoNCE"):
        Toy(1, 0).score("slow", text, {})
