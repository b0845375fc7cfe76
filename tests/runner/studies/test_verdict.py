"""The report of a confirmation: who wins, what failed, what it was computed with, and the winner's curse."""

import json
from html import escape
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner.experiment import Failure
from runner.plan import PlannedRun
from runner.settings.resolving import make_config
from runner.studies.confirm import Confirmed
from runner.studies.verdict import judge, write_verdict
from tests.runner.comparison.made import BETTER, INFONCE, SAME, make_seeds
from tests.runner.losses import PlainInfoNCE

MADE = {"infonce": INFONCE, "better": BETTER, "same": SAME}
GONE = InputError("The loss is nan at step 3.")


@pytest.mark.slow
def test_a_verdict_finds_the_planted_winner_names_what_failed_and_shows_the_curse(tmp_path: Path) -> None:
    folders = [*make_seeds(tmp_path, "infonce", INFONCE), *make_seeds(tmp_path, "better", BETTER)]
    folders += make_seeds(tmp_path, "same", SAME[:7])
    failed = PlannedRun(PlainInfoNCE(name="same"), make_config("digits", seed=7), tmp_path / "same-7")
    confirmed = Confirmed(tuple(folders), (Failure(failed, InputError("The loss is nan at step 3.")),))
    verdict = judge(confirmed, "infonce", {"infonce": 0.50, "better": 0.60, "same": 0.55}, tmp_path / "out")
    winner, null = verdict.contrasts.made
    assert winner.comparison.significant
    assert not null.comparison.significant
    assert null.left_out == ("seed 7 of same: failed: The loss is nan at step 3.",)
    assert any("same on digits failed with 1 of its seeds" in sentence for sentence in verdict.sentences())
    assert [round(each.searched, 6) for each in verdict.shrinkages] == [10, 5]
    assert "was +7.50 points on average of 2 in the search" in verdict.sentences()[-1]
    paths = {path.suffix: path for path in write_verdict(verdict, tmp_path / "out", range(8))}
    content = json.loads(paths[".json"].read_text())
    assert content["winners_curse"][0]["confirmed_advantage"] == pytest.approx(winner.comparison.mean)
    page = paths[".html"].read_text()
    assert "The winner&#x27;s curse" in page
    for sentence in verdict.sentences():
        assert page.count(f"<p>{escape(sentence)}</p>") == 1


def test_a_confirmation_that_went_on_with_another_torch_is_one_and_says_so(tmp_path: Path) -> None:
    folders = [*make_seeds(tmp_path, "infonce", INFONCE), *make_seeds(tmp_path, "better", BETTER)]
    for run, torch in zip(folders[5:8], ("2.12.0", "2.13.0", "2.13.0"), strict=True):
        record = json.loads((run / "config.json").read_text())
        again = record["environments"][-1] | {"torch": torch}
        (run / "config.json").write_text(json.dumps(record | {"environments": [*record["environments"], again]}))
    verdict = judge(Confirmed(tuple(folders), ()), "infonce", {}, tmp_path / "out")
    (made,) = verdict.contrasts.made
    assert len(made.seeds) == len(INFONCE)
    (told,) = verdict.computed
    assert told.startswith("Not all 16 runs were computed with the same torch: ")
    assert "then 2.13.0 (2)" in told
    assert told in verdict.sentences()


def test_a_loss_that_failed_with_every_seed_stays_in_the_family(tmp_path: Path) -> None:
    folders = [*make_seeds(tmp_path, "infonce", INFONCE), *make_seeds(tmp_path, "better", BETTER)]
    failures = [
        Failure(PlannedRun(PlainInfoNCE(name="gone"), make_config("digits", seed=seed), tmp_path / "gone"), GONE)
        for seed in range(8)
    ]
    alone, beside = (judge(Confirmed(tuple(folders), lost), "infonce", {}, tmp_path) for lost in ((), tuple(failures)))
    assert any(told.startswith("gone on digits failed with all of its seeds") for told in beside.failed)
    (planned,), (left,) = alone.contrasts.made, beside.contrasts.made
    assert (planned.comparison.family, left.comparison.family) == (1, 2)
    assert planned.comparison.p == left.comparison.p
    assert left.comparison.adjusted == pytest.approx(2 * planned.comparison.adjusted)


@pytest.mark.slow
def test_what_was_looked_at_before_is_said(tmp_path: Path) -> None:
    """Losses that are dropped and seeds that are added, but not the same command again, and not other seeds."""
    root = tmp_path / "out"
    runs = {name: make_seeds(tmp_path, name, made) for name, made in MADE.items()}

    def looked(*losses: str, seeds: slice = slice(None)) -> list[str]:
        folders = [folder for loss in ("infonce", *losses) for folder in runs[loss][seeds]]
        verdict = judge(Confirmed(tuple(folders), ()), "infonce", {}, root)
        write_verdict(verdict, root, range(8))
        return [sentence for sentence in verdict.sentences() if "look" in sentence]

    assert looked("better", "same", seeds=slice(0, 6)) == []
    assert looked("better", "same", seeds=slice(0, 6)) == []
    (told,) = looked("better", seeds=slice(0, 6))
    assert told.startswith(
        "This is look 2 at the test set with these seeds. Before it: infonce, better, same on digits"
    )
    (told,) = looked("better")
    assert told.startswith("This is look 3")
    assert "with seeds 0 to 5; infonce, better on digits with seeds 0 to 5." in told
    assert looked("better") == [told]
    assert "This is look 3" in (root / "confirmation.html").read_text()


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"looks": 3}', '{"looks": [{"seeds": 1}]}', "[" * 100_000])
def test_a_damaged_report_is_replaced(content: str, tmp_path: Path) -> None:
    folders = [*make_seeds(tmp_path, "infonce", INFONCE), *make_seeds(tmp_path, "better", BETTER)]
    (tmp_path / "confirmation.json").write_text(content)
    assert judge(Confirmed(tuple(folders), ()), "infonce", {}, tmp_path).earlier == ()
