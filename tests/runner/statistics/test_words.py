"""A comparison in words: what is shown, what is not, and what could not have been."""

import pytest

from runner.statistics.paired import compare_paired, correct_family, seeds_needed
from runner.statistics.words import describe_comparison, describe_shortfall, shown_p

BASELINE = [50.0, 50.5, 49.5, 50.2, 49.8, 50.1, 49.9, 50.3]
BETTER = [51.0, 51.7, 50.3, 51.3, 50.9, 51.2, 50.8, 51.5]
MIXED = [50.6, 50.1, 49.9, 49.9, 50.2, 50.0, 49.5, 50.8]


def said(theirs: list[float], seeds: int, family: int = 1) -> str:
    found = compare_paired(theirs[:seeds], BASELINE[:seeds])
    return describe_comparison("mine", "infonce", correct_family([found] * family)[0])


def test_a_winner_and_a_loser() -> None:
    told = said(BETTER, 8)
    assert told.startswith("mine minus infonce: +1.05 points on average over 8 seeds (95 % interval +")
    assert told.endswith("mine is better than infonce: sign-flip p = 0.0078.")
    worse = compare_paired(BASELINE, BETTER)
    assert "mine is worse than infonce: sign-flip p = 0.0078." in describe_comparison("mine", "infonce", worse)


def test_a_family_says_its_correction() -> None:
    assert said(BETTER, 8, 3).endswith("sign-flip p = 0.0078, 0.023 after Holm over 3 comparisons.")


def test_a_null_says_what_would_have_been_found() -> None:
    told = said(MIXED, 8)
    assert "No difference is shown: sign-flip p = " in told
    assert told.endswith("points would have been found with probability 0.8.")


@pytest.mark.parametrize(("seeds", "smallest"), [(1, "1 (2/2^1)"), (3, "0.25 (2/2^3)"), (5, "0.0625 (2/2^5)")])
def test_few_seeds_have_no_test_however_large_the_difference(seeds: int, smallest: str) -> None:
    told = said([100 + value for value in BASELINE], seeds)
    assert f"the smallest two-sided p is {smallest}, so p < 0.05 is out of reach." in told
    assert "better" not in told


def test_a_family_too_large_for_its_seeds_says_so() -> None:
    told = said(BETTER, 6, 3)
    assert "3 comparisons of 6 seeds cannot have a corrected p < 0.05; 7 seeds could." in told
    assert "better" not in told


def test_equal_accuracies_are_no_difference() -> None:
    told = said(BASELINE, 8)
    assert told.startswith("mine minus infonce: +0.00 points")
    assert told.endswith("No difference is shown: sign-flip p = 1.")


@pytest.mark.parametrize(("p", "text"), [(0.03125, "0.031"), (1.0, "1"), (0.00390625, "0.0039"), (2e-6, "2e-06")])
def test_a_p_is_never_printed_as_zero(p: float, text: str) -> None:
    assert shown_p(p) == text


@pytest.mark.parametrize("family", [1, 2, 8, 100])
def test_what_is_promised_before_the_runs_is_what_is_said_after_them(family: int) -> None:
    for seeds in range(2, 14):
        everyone_agrees = [float(seed + 1) for seed in range(seeds)]
        compared = correct_family([compare_paired(everyone_agrees, [0.0] * seeds)], lost=family - 1)[0]
        shortfall = describe_shortfall(seeds, family)
        assert (shortfall is None) == compared.significant
        assert shortfall is None or shortfall.endswith(f"--seeds {seeds_needed(family)}.")
