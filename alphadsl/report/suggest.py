"""Did you mean ...? A name and the existing names come in; the closest one comes out, if any is close."""

from collections.abc import Iterable
from difflib import get_close_matches

_CLOSE = 0.6


def suggest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate of which `name` may be a misspelling, ignoring case; None if none is close."""
    by_lowered = {candidate.lower(): candidate for candidate in sorted(candidates, reverse=True)}
    close = get_close_matches(name.lower()[:64], by_lowered, n=1, cutoff=_CLOSE)
    return by_lowered[close[0]] if close else None
