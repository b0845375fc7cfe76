"""A comparison in one or two sentences: what was found, how sure that is, and what could not have been found."""

from runner.statistics.paired import LEVEL, Interval, PairedComparison, seeds_needed, smallest_p


def describe_comparison(loss: str, baseline: str, found: PairedComparison) -> str:
    """What a comparison says in words. Differences are in percentage points."""
    return f"{_effect(loss, baseline, found)} {_verdict(loss, baseline, found)}"


def shown_p(p: float) -> str:
    """A p-value as it is printed: two significant digits, never zero."""
    return f"{p:.2g}" if p >= 1e-4 else f"{p:.0e}"


def shown_interval(interval: Interval) -> str:
    return f"{interval.low:+.2f} to {interval.high:+.2f}"


def _effect(loss: str, baseline: str, found: PairedComparison) -> str:
    seeds = "one seed" if found.seeds == 1 else f"{found.seeds} seeds"
    spread = "" if found.interval is None else f" (95 % interval {shown_interval(found.interval)})"
    return f"{loss} minus {baseline}: {found.mean:+.2f} points on average over {seeds}{spread}."


def _verdict(loss: str, baseline: str, found: PairedComparison) -> str:
    match found:
        case PairedComparison(p=None):
            need = seeds_needed(1)
            return (
                f"There is no test: with {found.seeds} of {need} seeds the smallest two-sided p is "
                f"{smallest_p(found.seeds):.4g} (2/2^{found.seeds}), so p < {LEVEL} cannot be had."
            )
        case PairedComparison(significant=True):
            better = "better" if found.mean > 0 else "worse"
            return f"{loss} is {better} than {baseline}: {_ps(found)}."
        case PairedComparison(detectable=None) if seeds_needed(found.family) > found.seeds:
            return (
                f"Nothing can be shown: {_ps(found)}, and {found.family} comparisons of {found.seeds} seeds cannot "
                f"have a corrected p < {LEVEL}; {seeds_needed(found.family)} seeds could."
            )
        case _:
            power = "" if found.detectable is None else _power(found.detectable)
            return f"No difference is shown: {_ps(found)}.{power}"


def _ps(found: PairedComparison) -> str:
    assert found.p is not None
    assert found.adjusted is not None
    raw = f"sign-flip p = {shown_p(found.p)}"
    return raw if found.family == 1 else f"{raw}, {shown_p(found.adjusted)} after Holm over {found.family} comparisons"


def _power(detectable: float) -> str:
    return f" A true difference of {detectable:.2f} points would have been found with probability 0.8."
