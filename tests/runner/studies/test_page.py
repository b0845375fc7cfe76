"""The page of a study: whole, self-contained, and true to the trials."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner.studies.page import check_page_replaceable, make_page, write_page
from runner.studies.plan import Ladder
from runner.studies.scale import apart, scale_of
from runner.studies.study import Standing, Study
from runner.studies.table import best_first, line_of, time_left
from runner.studies.work import FailedError, Result, Task, work
from tests.runner.studies.fakes import POWER, TAU, Scorer, opened, plan_of

CLOSED = {"meta", "circle", "rect", "line", "polyline", "text", "br"}


class Balanced(HTMLParser):
    """A page whose tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class Various(Scorer):
    """Some diverge, some are scored differently by seed."""

    def __call__(self, task: Task) -> Result:
        if task.point.loss == "infonce" and task.point.values["tau"] == 0.4:
            raise FailedError("seed 0: <nan> & more")
        scored = super().__call__(task)
        return Result((scored.scores[0] - 0.01, scored.scores[0] + 0.01), scored.runs)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    plan = plan_of(TAU, POWER, losses=("infonce", "direct"), ladder=Ladder(prune="halving"))
    opened_study = opened(tmp_path_factory.mktemp("studies"), plan)
    work(opened_study, Various(opened_study.room.folder))
    return opened_study


def test_the_page_is_balanced_and_needs_no_network(study: Study) -> None:
    page = make_page(study)
    reader = Balanced()
    reader.feed(page)
    assert reader.open == []
    assert all(link.startswith("runs/") for link in reader.links)
    assert "http" not in page.replace("http-equiv", "")
    assert "prefers-color-scheme:dark" in page


def test_the_page_tells_of_every_trial(study: Study) -> None:
    page = make_page(study)
    assert "seed 0: &lt;nan&gt; &amp; more" in page
    over = [entry for entry in study.entries() if entry.standing in (Standing.DONE, Standing.PRUNED)]
    assert page.count('<polyline class="trial') == len(over) == 8
    assert page.count("<tr") == 1 + 9
    assert "Shown from 8 trials on" in page
    for name in ("loss", "tau", "p"):
        assert f"Score against {name}" in page
    places = [float(number) for number in re.findall(r'c[xy]="([-\d.]+)"', page)]
    assert places
    assert all(0 <= place <= 420 for place in places)


class BetterOnTheWay(Scorer):
    """Nearest neighbours, by which rungs compare, are far above what a trial is ranked by."""

    def __call__(self, task: Task) -> Result:
        scored = super().__call__(task)
        return scored if task.last else Result(tuple(0.9 + 0.1 * score for score in scored.scores), scored.runs)


@pytest.mark.slow
@pytest.mark.parametrize("prune", ["halving", "hyperband"])
def test_a_trial_that_ended_early_has_no_score(prune: str, tmp_path: Path) -> None:
    values = (0.1, 0.2, 0.3, 0.4, 0.15, 0.25, 0.35, 0.45)
    plan = plan_of(TAU.model_copy(update={"values": values}), ladder=Ladder.model_validate({"prune": prune}))
    study = opened(tmp_path, plan)
    work(study, BetterOnTheWay(study.room.folder))
    entries, page = study.entries(), make_page(study)
    early = [entry for entry in entries if entry.standing is Standing.PRUNED]
    assert early
    assert all(entry.score is None and "kNN 9" in line_of(entry) for entry in early)
    best = best_first(entries)[0]
    (drawn,) = re.findall(r'class="trial best"[^>]*><title>(trial \d+) ', page)
    assert drawn == f"trial {best.index}"
    assert page.count('class="trial early"') == len(early)
    assert page.count('r="4"') == len(entries) - len(early)
    assert "have no score" in page


def test_a_study_without_a_score_has_a_page(tmp_path: Path) -> None:
    path = write_page(opened(tmp_path, plan_of(TAU)))
    assert "3 waiting" in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_page_of_another_is_not_replaced(tmp_path: Path) -> None:
    study = opened(tmp_path, plan_of(TAU))
    (study.room.folder / "study.html").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="would be lost"):
        check_page_replaceable(study.room)


def test_the_time_that_is_left_is_shared_by_the_workers(study: Study) -> None:
    entries = study.entries()
    assert time_left(entries, 2) is None
    waiting = opened(study.room.folder, study.plan, "other").entries()
    one, two = time_left([*entries, *waiting], 1), time_left([*entries, *waiting], 2)
    assert one is not None
    assert two == pytest.approx(one / 2)


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (tuple(0.01 * 1.8**step for step in range(9)), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]),
        (tuple(0.1 * step for step in range(11)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ((0.003, 0.0031, 0.01), ["0.003", "0.01"]),
        ((5, 5), ["5"]),
        (("sgd", "adamw", "sgd"), ["sgd", "adamw"]),
        ((True, False), ["yes", "no"]),
    ],
)
def test_marks_are_round(values: tuple[float | str, ...], marks: list[str]) -> None:
    scale = scale_of(values)
    assert [mark for _, mark in apart(scale.marks(), lambda _: 0.06)] == marks
    assert all(0 <= place <= 1 for place, _ in scale.marks())
