"""Two losses over the same seeds: paired accuracies come in; the mean difference with intervals, an exact test and the
detectable difference come out. Pure functions on arrays, on top of scipy.

A seed determines initialisation, batches and views, so accuracies are paired by seed, and everything is computed from
their differences (Bouthillier et al. 2021, "Accounting for Variance in Machine Learning Benchmarks"). A sign-flip test
has 2^n outcomes, so its smallest two-sided p is 2/2^n: below six seeds it is never under 0.05, and no p is given.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEVEL = 0.05
"""Level of a test; intervals cover the rest, 95 %."""

POWER = 0.8
RESAMPLES = 9_999
EXACT_SEEDS = 14
"""Largest number of seeds for which all 2^n sign flips are enumerated; above it, `RANDOM_FLIPS` of them are drawn."""

RANDOM_FLIPS = 99_999
DIGITS = 12
"""Means of sign flips, relative to the largest difference, count as ties if they agree to this many decimal places."""


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True)
class PairedComparison:
    """What the differences `theirs - baseline` over seeds say. Everything is in the unit of the accuracies."""

    differences: tuple[float, ...]
    mean: float
    deviation: float | None
    """Sample standard deviation of the differences; None for a single seed."""
    interval: Interval | None
    """95 % BCa bootstrap interval of the mean (Efron 1987); None for a single seed."""
    student: Interval | None
    """95 % Student's t interval, which has its nominal coverage if differences are normal; None for a single seed."""
    p: float | None
    """p-value of the two-sided sign-flip permutation test; None below six seeds."""
    adjusted: float | None
    """The same after Holm's correction over `family` comparisons."""
    family: int
    detectable: float | None
    """The true difference that the corrected test finds with probability `POWER`; None if it can find none, or if the
    differences do not vary."""

    @property
    def seeds(self) -> int:
        return len(self.differences)

    @property
    def significant(self) -> bool:
        return self.adjusted is not None and self.adjusted < LEVEL


def compare_paired(theirs: Sequence[float], baseline: Sequence[float]) -> PairedComparison:
    """One comparison, as a family of its own; `correct_family` corrects several.

    Accuracies at the same index belong to the same seed. Raises `ValueError` if there are none, if the two sequences
    differ in length, or if one value is not finite.
    """
    if not theirs or len(theirs) != len(baseline):
        raise ValueError(f"{len(theirs)} and {len(baseline)} accuracies cannot be paired")
    a_S, b_S = np.asarray(theirs, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    if not (np.isfinite(a_S).all() and np.isfinite(b_S).all()):
        raise ValueError("an accuracy is not finite")
    d_S = a_S - b_S
    deviation = _deviation(d_S)
    p = sign_flip_p(d_S) if smallest_p(len(d_S)) < LEVEL else None
    return PairedComparison(
        differences=tuple(d_S.tolist()),
        mean=float(d_S.mean()),
        deviation=deviation,
        interval=bca_interval(a_S, b_S),
        student=student_interval(d_S),
        p=p,
        adjusted=p,
        family=1,
        detectable=_detectable(len(d_S), deviation, 1),
    )


def correct_family(comparisons: Sequence[PairedComparison], lost: int = 0) -> tuple[PairedComparison, ...]:
    """The comparisons of one report as a family: adjusted p-values, and what is detectable at the corrected level.

    A comparison without a p-value is a member too, and counts as one with p = 1. So do the `lost` ones, which were
    planned and have no seed left.
    """
    size = len(comparisons) + lost
    adjusted = holm([1.0 if comparison.p is None else comparison.p for comparison in comparisons] + [1.0] * lost)
    return tuple(
        replace(
            comparison,
            adjusted=None if comparison.p is None else p,
            family=size,
            detectable=_detectable(comparison.seeds, comparison.deviation, size),
        )
        for comparison, p in zip(comparisons, adjusted, strict=False)
    )


def bca_interval(a_S: Floats, b_S: Floats) -> Interval | None:
    """95 % BCa bootstrap interval of mean(a - b), resampling seeds in pairs; None for a single seed.

    If all differences are equal, so are all resamples, and the interval is that one value. For n = 2 its ends are the
    two differences themselves. With few seeds it is too short: docs/compare.md gives its measured coverage.
    """
    d_S = a_S - b_S
    if len(d_S) < 2:
        return None
    if _all_alike(d_S):
        return Interval(float(d_S.mean()), float(d_S.mean()))
    bootstrapped = stats.bootstrap(
        (a_S, b_S),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        paired=True,
        vectorized=True,
        method="BCa",
        confidence_level=1 - LEVEL,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(float(bootstrapped.low), float(bootstrapped.high))


def student_interval(d_S: Floats) -> Interval | None:
    """mean ± t(n - 1; 0.975) s / sqrt(n); None for a single seed."""
    if len(d_S) < 2:
        return None
    half = float(stats.t.ppf(1 - LEVEL / 2, len(d_S) - 1) * d_S.std(ddof=1) / math.sqrt(len(d_S)))
    return Interval(float(d_S.mean()) - half, float(d_S.mean()) + half)


def sign_flip_p(d_S: Floats) -> float:
    """Two-sided p-value of the mean difference among all sign flips (Fisher 1935): if neither loss is better, each
    difference might as well have had the other sign. Exact up to `EXACT_SEEDS` seeds."""
    scale = float(np.abs(d_S).max())
    if scale == 0:
        return 1.0
    permuted = stats.permutation_test(
        (d_S / scale,),
        lambda d, axis: np.round(np.mean(d, axis=axis), DIGITS),
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**EXACT_SEEDS if len(d_S) <= EXACT_SEEDS else RANDOM_FLIPS,
        batch=2**10,
        rng=np.random.default_rng(0),
    )
    return float(permuted.pvalue)


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Holm's (1979) adjusted p-values, in the given order: the k-th smallest of m times m - k + 1, made monotone."""
    order = sorted(range(len(ps)), key=lambda index: ps[index])
    adjusted, running = [0.0] * len(ps), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = running
    return tuple(adjusted)


def smallest_p(seeds: int) -> float:
    """The smallest two-sided p-value that this many seeds can give: 2 / 2^n."""
    return min(1.0, 2.0 ** (1 - seeds))


def seeds_needed(family: int) -> int:
    """The fewest seeds with which one of `family` comparisons can have a corrected p below 0.05."""
    seeds = 1
    while family * smallest_p(seeds) >= LEVEL:
        seeds += 1
    return seeds


def detectable_difference(seeds: int, deviation: float, family: int = 1) -> float | None:
    """The smallest true difference found with probability 0.8, if differences are normal with standard deviation s.

    Bloom's (1995) minimum detectable effect, (t(n-1; 1 - a/2) + t(n-1; 0.8)) s / sqrt(n), at a = 0.05 / family, the
    level of Holm's first step. If the sign-flip test needs all n signs to agree, that condition may be harder, and
    s z(0.8^(1/n)) is given. None if no difference can be found.
    """
    level = LEVEL / family
    if smallest_p(seeds) >= level:
        return None
    t = stats.t.ppf([1 - level / 2, POWER], seeds - 1).sum() / math.sqrt(seeds)
    all_agree = stats.norm.ppf(POWER ** (1 / seeds)) if 2 * smallest_p(seeds) >= level else 0.0
    return float(max(t, all_agree)) * deviation


def _deviation(d_S: Floats) -> float | None:
    if len(d_S) < 2:
        return None
    return 0.0 if _all_alike(d_S) else float(d_S.std(ddof=1))


def _detectable(seeds: int, deviation: float | None, family: int) -> float | None:
    """None for differences that do not vary, since they do not say how much they would."""
    return detectable_difference(seeds, deviation, family) if deviation else None


def _all_alike(d_S: Floats) -> bool:
    """Whether all differences are equal up to the rounding error of a subtraction."""
    return bool(np.ptp(d_S) <= 1e-12 * max(1.0, float(np.abs(d_S).max())))
