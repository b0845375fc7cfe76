"""A comparison in one or two sentences: what was found, how certain it is, and what could not have been found."""

from runner.statistics.paired import LEVEL, Interval, PairedComparison, seeds_needed, smallest_p


def describe_comparison(loss: str, baseline: str, compared: PairedComparison) -> str:
    """What a comparison says, in words. Differences are in percentage points."""
    return f"{_effect(loss, baseline, compared)} {_verdict(loss, baseline, compared)}"


def shown_p(p: float) -> str:
    """A p-value as it is printed: two significant digits, never zero."""
    return f"{p:.2g}" if p >= 1e-4 else f"{p:.0e}"


def shown_interval(interval: Interval) -> str:
    return f"{interval.low:+.2f} to {interval.high:+.2f}"


def describe_shortfall(seeds: int, family: int) -> str | None:
    """What so few seeds cannot show in a family of comparisons, said before they are run; None if they are enough."""
    need = seeds_needed(family)
    if seeds >= need:
        return None
    count = "one seed" if seeds == 1 else f"{seeds} seeds"
    corrected = "" if family == 1 else f" after Holm's correction for {family} comparisons"
    return f"With {count}, no p < {LEVEL} is possible{corrected}: that takes --seeds {need}."


def _effect(loss: str, baseline: str, compared: PairedComparison) -> str:
    seeds = "one seed" if compared.seeds == 1 else f"{compared.seeds} seeds"
    spread = "" if compared.interval is None else f" (95 % interval {shown_interval(compared.interval)})"
    return f"{loss} minus {baseline}: {compared.mean:+.2f} points on average over {seeds}{spread}."


def _verdict(loss: str, baseline: str, compared: PairedComparison) -> str:
    match compared:
        case PairedComparison(p=None):
            need = seeds_needed(1)
            return (
                f"There is no test: with {compared.seeds} of {need} seeds the smallest two-sided p is "
                f"{smallest_p(compared.seeds):.4g} (2/2^{compared.seeds}), so p < {LEVEL} is out of reach."
            )
        case PairedComparison(significant=True):
            better = "better" if compared.mean > 0 else "worse"
            return f"{loss} is {better} than {baseline}: {_ps(compared)}."
        case PairedComparison(detectable=None) if seeds_needed(compared.family) > compared.seeds:
            return (
                f"Nothing can be shown: {_ps(compared)}, and {compared.family} comparisons of {compared.seeds} seeds "
                f"cannot have a corrected p < {LEVEL}; {seeds_needed(compared.family)} seeds could."
            )
        case _:
            power = "" if compared.detectable is None else _power(compared.detectable)
            return f"No difference is shown: {_ps(compared)}.{power}"


def _ps(compared: PairedComparison) -> str:
    assert compared.p is not None
    assert compared.adjusted is not None
    raw = f"sign-flip p = {shown_p(compared.p)}"
    return (
        raw
        if compared.family == 1
        else f"{raw}, {shown_p(compared.adjusted)} after Holm over {compared.family} comparisons"
    )


def _power(detectable: float) -> str:
    return f" A true difference of {detectable:.2f} points would have been found with probability 0.8."
