"""Did you mean ...? A name and the names that exist in, the closest one out, if any is close."""

from collections.abc import Iterable
from difflib import get_close_matches

_CLOSE = 0.6


def suggest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a slip of the pen or a wrong case would turn into `name`."""
    by_lowered = {candidate.lower(): candidate for candidate in sorted(candidates, reverse=True)}
    close = get_close_matches(name.lower()[:64], by_lowered, n=1, cutoff=_CLOSE)
    return by_lowered[close[0]] if close else None
