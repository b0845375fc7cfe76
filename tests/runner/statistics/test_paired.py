"""Statistics over seeds: against values by hand, sign flips enumerated one by one, and simulated experiments."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from runner.statistics.paired import (
    LEVEL,
    PairedComparison,
    bca_interval,
    compare_paired,
    correct_family,
    detectable_difference,
    holm,
    seeds_needed,
    sign_flip_p,
    smallest_p,
    student_interval,
)


def flipped_p(differences: tuple[float, ...]) -> float:
    """The share of all sign flips whose sum is as far from zero, in integers, so that ties are ties."""
    observed = abs(sum(round(1000 * d) for d in differences))
    sums = [
        abs(sum(sign * round(1000 * d) for sign, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(total >= observed for total in sums) / len(sums)


def of(differences: tuple[float, ...]) -> PairedComparison:
    return compare_paired([50 + d for d in differences], [50.0] * len(differences))


# --- the test -------------------------------------------------------------------------------------------------------


def test_six_seeds_that_agree_have_the_smallest_p() -> None:
    assert of((0.5, 0.1, 0.2, 0.9, 0.3, 0.4)).p == pytest.approx(2 / 64)


@pytest.mark.parametrize(
    "differences",
    [
        (1.0, -0.5, 0.25, 0.75, 1.5, 0.125),
        (0.1, 0.2, -0.3, 0.1, 0.2, -0.3),  # a mean of zero, but for rounding
        (0.3, 0.3, 0.3, -0.3, 0.3, 0.3, 0.3),  # ties
        (0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.2),
        (-1.1, -0.7, -0.2, -0.9, -0.4, 0.3, -0.8, -0.1, -0.6),
    ],
    ids=str,
)
def test_p_is_the_share_of_sign_flips_enumerated_one_by_one(differences: tuple[float, ...]) -> None:
    assert sign_flip_p(np.array(differences)) == pytest.approx(min(1.0, flipped_p(differences)), abs=1e-12)
    assert of(differences).p == pytest.approx(min(1.0, flipped_p(differences)), abs=1e-12)


def test_a_test_does_not_depend_on_unit_or_direction() -> None:
    d_S = np.array([0.4, 0.1, -0.2, 0.9, 0.6, 0.5, 0.3])
    assert sign_flip_p(d_S) == sign_flip_p(-d_S) == sign_flip_p(1e-9 * d_S) == sign_flip_p(1e9 * d_S)


def test_many_seeds_draw_flips_and_say_the_same_again() -> None:
    d_S = np.random.default_rng(1).normal(0.4, 1, 20)
    exact = stats.wilcoxon(d_S).pvalue
    assert sign_flip_p(d_S) == sign_flip_p(d_S) == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("seeds", range(1, 6))
def test_below_six_seeds_there_is_no_p(seeds: int) -> None:
    found = of(tuple(1.0 + 0.1 * index for index in range(seeds)))
    assert (found.p, found.adjusted, found.detectable, found.significant) == (None, None, None, False)
    assert smallest_p(seeds) >= LEVEL > smallest_p(6)


def test_of_two_equal_losses_few_are_called_different() -> None:
    """200 experiments of eight seeds in which nothing is true; at 5 %, at most 20 by chance in all but 1 of 1,000."""
    stream = np.random.default_rng(3)
    found = [sign_flip_p(d_S) < LEVEL for d_S in stream.standard_t(3, (200, 8))]
    assert 1 <= sum(found) <= 20


def test_holm_keeps_a_family_of_equal_losses_from_a_winner() -> None:
    stream = np.random.default_rng(4)
    wins = 0
    for _ in range(30):
        baseline = stream.normal(50, 1, 8)
        losses = [baseline + stream.normal(0, 0.5, 8) for _ in range(4)]
        family = correct_family([compare_paired(loss.tolist(), baseline.tolist()) for loss in losses])
        wins += any(found.significant for found in family)
    assert wins <= 5


# --- Holm -----------------------------------------------------------------------------------------------------------


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.5, 0.9]) == pytest.approx((1.0, 1.0))
    assert holm([]) == ()


def test_a_family_corrects_p_and_what_is_detectable() -> None:
    better, few = of((1.0, 1.2, 0.9, 1.1, 0.8, 1.3, 0.7)), of((1.0, 2.0))
    corrected, without = correct_family([better, few])
    assert better.adjusted == better.p == pytest.approx(2 / 128)
    assert corrected.p == better.p
    assert corrected.adjusted == pytest.approx(4 / 128)
    assert (without.p, without.adjusted, without.family) == (None, None, 2)
    assert corrected.detectable is not None
    assert better.detectable is not None
    assert corrected.detectable > better.detectable


def test_a_larger_family_needs_more_seeds() -> None:
    assert [seeds_needed(family) for family in (1, 2, 3, 10)] == [6, 7, 7, 9]
    assert of((1.0, 1.1, 1.2, 1.3, 1.4, 1.5)).significant
    assert not correct_family([of((1.0, 1.1, 1.2, 1.3, 1.4, 1.5))] * 2)[0].significant


# --- intervals ------------------------------------------------------------------------------------------------------


def test_mean_deviation_and_student_interval_by_hand() -> None:
    found = of((1.0, 2.0, 3.0, 6.0))
    assert (found.mean, found.deviation) == (3.0, pytest.approx(math.sqrt(14 / 3)))
    assert found.student is not None
    half = 3.182446 * math.sqrt(14 / 3) / 2  # t(3; 0.975) from a table
    assert (found.student.low, found.student.high) == pytest.approx((3 - half, 3 + half), rel=1e-6)


def test_bca_is_efrons() -> None:
    """Recomputed from Efron (1987): bias from the resamples below the mean, acceleration from the jackknife."""
    d_S = np.array([0.1, 0.4, 0.3, 2.5, 0.8, 1.1, 0.2, 0.6])
    resampled = d_S[np.random.default_rng(9).integers(0, 8, (200_000, 8))].mean(axis=1)
    below = (np.mean(resampled < d_S.mean()) + np.mean(resampled <= d_S.mean())) / 2
    bias = stats.norm.ppf(below)
    left_out = np.array([np.delete(d_S, index).mean() for index in range(8)])
    away = left_out.mean() - left_out
    acceleration = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    z = bias + stats.norm.ppf([0.025, 0.975])
    expected = np.quantile(resampled, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    found = bca_interval(d_S, np.zeros(8))
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.03)


@pytest.mark.slow
def test_intervals_cover_as_often_as_the_manual_says() -> None:
    """The mean of normal differences of eight seeds: BCa 89 %, Student's 95 % (of 2,000); 300 draws leave 5 points."""
    draws = np.random.default_rng(8).normal(0, 1, (300, 8))
    bca, student = (
        np.mean([interval.low <= 0 <= interval.high for interval in intervals if interval is not None])
        for intervals in ([bca_interval(d_S, np.zeros(8)) for d_S in draws], [student_interval(d_S) for d_S in draws])
    )
    assert bca == pytest.approx(0.89, abs=0.05)
    assert student == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("difference", [0.0, 0.3, -2.0])
@pytest.mark.parametrize("seeds", [2, 6, 8])
def test_identical_differences_have_an_interval_of_one_value(seeds: int, difference: float) -> None:
    found = compare_paired([40.1 + index + difference for index in range(seeds)], [40.1 + i for i in range(seeds)])
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((difference, difference), abs=1e-9)
    assert (found.deviation, found.detectable) == (0.0, None)
    assert found.p == (None if seeds < 6 else pytest.approx(1.0 if difference == 0 else 2 / 2**seeds))


def test_two_seeds_have_the_interval_between_them_and_one_has_none() -> None:
    two, one = of((0.5, 1.5)), of((0.5,))
    assert two.interval is not None
    assert (two.interval.low, two.interval.high) == pytest.approx((0.5, 1.5))
    assert (one.interval, one.student, one.deviation, one.mean) == (None, None, None, 0.5)


@pytest.mark.parametrize(
    ("theirs", "baseline"), [([], []), ([1.0], [1.0, 2.0]), ([float("nan"), 1.0], [1.0, 1.0])], ids=str
)
def test_what_is_no_pair_is_refused(theirs: list[float], baseline: list[float]) -> None:
    with pytest.raises(ValueError, match=r"cannot be paired|not finite"):
        compare_paired(theirs, baseline)


# --- what can be detected -------------------------------------------------------------------------------------------


def test_detectable_by_hand() -> None:
    """t(7; 0.975) = 2.364624 and t(7; 0.8) = 0.896030 from a table; of six seeds all must agree, 0.8^(1/6) is 0.963."""
    assert detectable_difference(8, 2.0) == pytest.approx((2.364624 + 0.896030) * 2 / math.sqrt(8), rel=1e-5)
    assert detectable_difference(6, 1.0) == pytest.approx(stats.norm.ppf(0.963492), rel=1e-4)
    assert detectable_difference(5, 1.0) is None
    assert detectable_difference(6, 1.0, family=2) is None


@pytest.mark.parametrize(("seeds", "family"), [(6, 1), (8, 1), (8, 3)])
def test_a_detectable_difference_is_found_four_times_of_five(seeds: int, family: int) -> None:
    true = detectable_difference(seeds, 1.0, family)
    assert true is not None
    draws = np.random.default_rng(5).normal(true, 1, (1500, seeds))
    flips = np.array(list(itertools.product((-1, 1), repeat=seeds)))
    as_far = np.abs(draws @ flips.T) >= np.abs(draws.sum(axis=1, keepdims=True)) - 1e-9
    assert np.mean(as_far.mean(axis=1) < LEVEL / family) == pytest.approx(0.8, abs=0.1)
