"""How many examples to try: a few in CI, many with `make fuzz` (ALPHADSL_FUZZ examples in all); and how many of them
must have come to what is to be shown, since an example that is refused or drawn again shows nothing."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings

WANTED = int(os.environ.get("ALPHADSL_FUZZ", "0"))


def patient(in_ci: int, share: float) -> settings:
    """So many examples, the same each time, in CI; a share of all that are wanted, new ones each time, otherwise."""
    examples = max(in_ci, int(WANTED * share))
    return settings(
        max_examples=examples, derandomize=not WANTED, suppress_health_check=list(HealthCheck), deadline=None
    )


@contextmanager
def reached(least: int) -> Iterator[Callable[[], None]]:
    """Fails unless what it gives has been called so often."""
    times = 0

    def mark() -> None:
        nonlocal times
        times += 1

    yield mark
    assert times >= least, f"only {times} examples, of at least {least}, came to what is to be shown"
