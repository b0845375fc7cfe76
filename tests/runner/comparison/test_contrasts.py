"""Which runs are subtracted from which: pairs by seed, what is left out, what is not comparable."""

from pathlib import Path

import pytest
from scipy import stats

from alphadsl.report.exceptions import InputError
from runner.comparison.contrasts import Contrasts, contrast_sections
from runner.comparison.report import how_to_read
from runner.comparison.sections import TEST, Section, make_sections
from runner.records.folder import RunFolder
from runner.records.summary import read_groups
from tests.runner.comparison.made import BETTER, INFONCE, SAME, edit_probe, make_seeds
from tests.runner.runs import OTHER_DATA


def sections_of(runs: list[RunFolder]) -> tuple[Section, ...]:
    return make_sections(read_groups(runs).groups)


@pytest.mark.parametrize(
    ("seeds", "losses", "told", "untold"),
    [
        (1, ("a",), "paired by seed", "Intervals"),
        (3, ("a",), "too short", "p is"),
        (6, ("a",), "sign-flip test.", "Holm"),
        (6, ("a", "b"), "Holm's method over 2 comparisons.", "1 comparison"),
    ],
)
def test_only_what_is_shown_is_explained(
    seeds: int, losses: tuple[str, ...], told: str, untold: str, tmp_path: Path
) -> None:
    runs = [run for name in ("infonce", *losses) for run in make_seeds(tmp_path, name, SAME[:seeds])]
    text = " ".join(how_to_read(contrasts_of(runs).made))
    assert told in text
    assert untold not in text


def contrasts_of(runs: list[RunFolder], against: str | None = None) -> Contrasts:
    return contrast_sections(sections_of(runs), against)


def test_a_planted_winner_is_found_and_a_planted_null_is_not(tmp_path: Path) -> None:
    losses = {"same": SAME, "better": BETTER, "infonce": INFONCE}
    winner, null = sorted(
        contrasts_of([run for name, values in losses.items() for run in make_seeds(tmp_path, name, values)]).made,
        key=lambda contrast: contrast.loss.label,
    )
    assert (winner.loss.label, winner.baseline.label, winner.comparison.significant) == ("better", "infonce", True)
    assert (null.loss.label, null.comparison.significant) == ("same", False)
    assert winner.comparison.mean == pytest.approx(100 * (sum(BETTER) - sum(INFONCE)) / 8)
    assert winner.comparison.p == pytest.approx(2 / 256)
    assert winner.comparison.adjusted == pytest.approx(4 / 256)
    assert winner.comparison.student is not None
    low, high = stats.ttest_rel(BETTER, INFONCE).confidence_interval()
    assert (winner.comparison.student.low, winner.comparison.student.high) == pytest.approx((100 * low, 100 * high))


def test_seeds_are_paired_however_the_folders_are_ordered(tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "infonce", INFONCE), *make_seeds(tmp_path, "better", BETTER)[::-1]]
    (contrast,) = contrasts_of(runs).made
    assert contrast.seeds == tuple(range(8))
    assert contrast.comparison.differences == pytest.approx(
        [100 * (a - b) for a, b in zip(BETTER, INFONCE, strict=True)]
    )


def test_seeds_that_one_of_the_two_lacks_are_left_out_and_named(tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "infonce", INFONCE[:7]), *make_seeds(tmp_path, "better", BETTER[1:], first=1)]
    reasons = {("digits", "better", 0): "it diverged"}
    (contrast,) = contrast_sections(sections_of(runs), None, reasons).made
    assert contrast.seeds == tuple(range(1, 7))
    assert contrast.left_out[0] == "seed 0 of better: it diverged"
    assert contrast.left_out[1].startswith("seed 7 of infonce: it was not run")
    assert "Left out: seed 0 of better" in contrast.sentences()[1]


def test_losses_without_a_seed_in_common_are_not_subtracted(tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "infonce", INFONCE[:2]), *make_seeds(tmp_path, "better", BETTER[:2], first=5)]
    found = contrasts_of(runs)
    assert found.made == ()
    assert "better and infonce have no seed in common" in found.missing[0]


@pytest.mark.parametrize(("against", "baseline"), [(None, "infonce"), ("better", "better")])
def test_the_baseline_is_the_one_asked_for_or_infonce(against: str | None, baseline: str, tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "better", BETTER[:2]), *make_seeds(tmp_path, "infonce", INFONCE[:2])]
    (contrast,) = contrasts_of(runs, against).made
    assert contrast.baseline.label == baseline


def test_without_infonce_the_first_is_the_baseline(tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "same", SAME[:2]), *make_seeds(tmp_path, "better", BETTER[:2])]
    assert contrasts_of(runs).made[0].baseline.label == "same"


def test_a_baseline_that_is_not_there_or_ambiguous_is_refused(tmp_path: Path) -> None:
    runs = make_seeds(tmp_path, "infonce", INFONCE[:2])
    with pytest.raises(InputError, match=r"--against infonse: none of the runs") as refusal:
        contrasts_of(runs, "infonse")
    assert "Did you mean infonce?" in refusal.value.help
    runs += make_seeds(tmp_path / "hot", "infonce", BETTER[:2], lr=0.5)
    with pytest.raises(InputError, match="could be 'infonce"):
        contrasts_of(runs, "infonce")
    assert contrasts_of(runs, "infonce (lr 0.5)").made[0].baseline.label == "infonce (lr 0.5)"
    assert len(contrasts_of(runs).made) == 1


def test_settings_that_make_a_seed_another_are_said(tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "infonce", INFONCE[:2]), *make_seeds(tmp_path, "better", BETTER[:2], batch=64)]
    (contrast,) = contrasts_of(runs).made
    assert contrast.unlike == ("batch",)
    assert "They differ in batch" in contrast.sentences()[-1]


# --- what is not comparable -----------------------------------------------------------------------------------------


def test_other_data_are_another_table(tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "infonce", INFONCE[:2]), *make_seeds(tmp_path, "better", BETTER[:2], data=OTHER_DATA)]
    first, second = sections_of(runs)
    assert [group.label for section in (first, second) for group in section.groups] == ["infonce", "better"]
    assert first.measured.data != second.measured.data
    found = contrasts_of(runs, "infonce")
    assert found.made == ()
    assert "there is no run of infonce" in found.missing[0]


def test_another_protocol_of_the_probe_is_another_table(tmp_path: Path) -> None:
    ours = make_seeds(tmp_path, "infonce", INFONCE[:2], probe={"protocol": "abc"})
    theirs = make_seeds(tmp_path, "better", BETTER[:2], probe={"protocol": "def"})
    assert [section.measured.protocol for section in sections_of([*ours, *theirs])] == ["abc", "def"]
    for run in theirs:
        edit_probe(run, protocol="abc")
    assert len(sections_of([*ours, *theirs])) == 1


def test_accuracies_of_the_test_set_and_of_validation_images_are_two_tables(tmp_path: Path) -> None:
    tested = make_seeds(tmp_path, "infonce", INFONCE[:2])
    sealed = make_seeds(tmp_path, "better", BETTER[:2])
    for run in sealed:
        edit_probe(run, test=None, validation={"linear": 0.7, "best_epoch": 1, "knn_200": 0.5})
    sections = sections_of([*tested, *sealed])
    assert [section.measured.part == TEST for section in sections] == [True, False]
    assert contrasts_of([*tested, *sealed]).made == ()
