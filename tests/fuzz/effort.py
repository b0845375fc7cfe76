"""How many examples to try: a few in CI, many with `make fuzz` (ALPHADSL_FUZZ examples in all)."""

import os

from hypothesis import HealthCheck, settings

WANTED = int(os.environ.get("ALPHADSL_FUZZ", "0"))


def patient(in_ci: int, share: float) -> settings:
    """So many examples, the same each time, in CI; a share of all that are wanted, new ones each time, otherwise."""
    examples = max(in_ci, int(WANTED * share))
    return settings(
        max_examples=examples, derandomize=not WANTED, suppress_health_check=list(HealthCheck), deadline=None
    )
