"""From a search to a sweep to a confirmation: losses, values and seeds that were used come along."""

from dataclasses import replace
from pathlib import Path

import pytest

from alphadsl.cli.proposed import Proposed, proposed_by
from alphadsl.cli.searching import Asked, PruneName, SearchName, make_plan
from alphadsl.report.exceptions import InputError, SpecError
from runner.studies.candidates import Candidate, candidates_in, write_candidates
from runner.studies.confirm import Contender, check_fresh
from runner.studies.marks import LIST, SEARCH
from runner.studies.plan import Plan
from runner.studies.work import work
from tests.runner.losses import PlainInfoNCE
from tests.runner.studies.fakes import CONFIG, Scorer, opened

WARM = "loss warm {\n  param tau = 0.5 in (0, inf)\n  param k = 2 in (0, inf)\n  alpha[i,j] ~ exp(-d[i,j]^k / tau)\n}\n"
BARE = "loss bare {\n  alpha[i,j] ~ exp(-3 * d[i,j])\n}\n"
HANDED = (
    Candidate(name="warm", spec=WARM, values={"tau": 0.2, "k": 3.0}, search_score=0.6, seeds=(7000, 7001)),
    Candidate(name="bare", spec=BARE, seeds=(7000, 7001)),
)


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a search, below studies/ of the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "studies" / "found"
    folder.mkdir(parents=True)
    (folder / SEARCH).write_text("{}")
    write_candidates(folder / LIST, HANDED)
    return folder


def proposed(*words: str) -> list[Proposed]:
    return proposed_by(words, Path("studies"))


def planned(losses: list[Proposed], *over: str, **others: object) -> Plan:
    asked = Asked(losses, over, (), None, None, 2, PruneName.NONE, 1, 3, frozenset())
    return make_plan(replace(asked, **others), CONFIG)


@pytest.mark.parametrize("word", ["found", "studies/found", "studies/found/search.json", f"studies/found/{LIST}"])
def test_a_search_is_named_by_its_name_its_folder_or_its_list(word: str, search: Path) -> None:
    losses = proposed(word, "infonce")
    assert [(loss.name, loss.search) for loss in losses] == [("warm", "found"), ("bare", "found"), ("infonce", "")]
    assert [loss.candidate for loss in losses] == [*HANDED, None]


def test_what_a_search_has_found_are_the_defaults_of_a_sweep(search: Path) -> None:
    plan = planned(proposed("found", "infonce"), "tau=0.1,0.4", set_=["warm.k=1.5"])
    assert plan.values == {"warm": {"tau": 0.2, "k": 1.5}, "bare": {}, "infonce": {}}
    assert plan.spent == {"warm": (7000, 7001), "bare": (7000, 7001)}
    assert [plan.point(fixed).values for fixed in plan.fixed_points][:2] == [{"tau": 0.1}, {"tau": 0.4}]


def test_seeds_that_any_stage_has_used_are_refused_by_confirm(search: Path, tmp_path: Path) -> None:
    study = opened(tmp_path, planned(proposed("found", "infonce"), "lr=0.01"), "found-tuned")
    work(study, Scorer(study.room.folder))
    again = planned(proposed(str(study.room.folder)), "lr=0.01")
    found = {candidate.name: candidate for candidate in candidates_in(study.room.folder)}
    assert found["warm"].seeds == again.spent["warm"] == (*plan_seeds(again), 7000, 7001)
    assert found["infonce"].seeds == (0, 1)
    for used in found["warm"].seeds:
        with pytest.raises(InputError, match=f"found warm with seed {used}"):
            check_fresh([used], [Contender(PlainInfoNCE(name="warm"), candidate=found["warm"])])


def plan_seeds(plan: Plan) -> tuple[int, ...]:
    return tuple(range(plan.config.seed, plan.config.seed + plan.seeds))


@pytest.mark.parametrize("chosen", [SearchName.RANDOM, SearchName.TPE])
def test_every_loss_gets_equally_many_trials(chosen: SearchName, search: Path) -> None:
    plan = planned(proposed("found", "infonce"), "tau=0.1..1:log", "lr=0.001..0.1:log", search=chosen, trials=6)
    assert plan.shares == {"warm": 2, "bare": 2, "infonce": 2}
    assert planned(proposed("found"), "lr=0.001..0.1", search=chosen).trials == 30
    assert planned(proposed("found", "infonce"), "lr=0.001..0.1", search=chosen, trials=10).trials == 12


def test_the_sampler_keeps_to_the_losses_that_are_dealt(search: Path, tmp_path: Path) -> None:
    plan = planned(proposed("found"), "tau=0.1..1:log", "lr=0.001..0.1:log", search=SearchName.TPE, trials=4)
    study = opened(tmp_path, plan)
    work(study, Scorer(tmp_path))
    points = [entry.point for entry in study.entries()]
    assert [point.loss for point in points] == ["warm", "bare", "warm", "bare"]
    assert all(("tau" in point.values) == (point.loss == "warm") for point in points)
    assert len({point.settings["lr"] for point in points}) == 4


def test_a_broken_spec_is_located_by_its_list_and_its_name(search: Path) -> None:
    write_candidates(search / LIST, [HANDED[1], HANDED[0].model_copy(update={"spec": WARM.replace("tau)", "tua)")})])
    with pytest.raises(SpecError) as refusal:
        [loss.name for loss in proposed("found")]
    assert refusal.value.diagnostics[0].span.source.name == "studies/found (warm)"


def test_a_name_that_is_not_that_of_the_spec_is_refused(search: Path) -> None:
    write_candidates(search / LIST, [HANDED[0].model_copy(update={"name": "mine"})])
    with pytest.raises(InputError, match="the spec of the candidate mine defines warm"):
        proposed("found")


def test_what_would_be_lost_is_refused(search: Path) -> None:
    write_candidates(search / LIST, [HANDED[0].model_copy(update={"settings": {"lr": 0.003}})])
    with pytest.raises(InputError, match=r"warm was tuned with lr = 0\.003"):
        planned(proposed("found"), "tau=0.1,0.4")
    assert planned(proposed("found"), "lr=0.001,0.01").shares == {"warm": 2}
    with pytest.raises(InputError, match="a loss called infonce"):
        planned(proposed("infonce", "infonce"), "lr=0.001,0.01")
    (search / LIST).unlink()
    with pytest.raises(InputError, match=r"found has handed on nothing yet: it has no candidates\.jsonl"):
        proposed("found")
