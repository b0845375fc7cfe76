"""Paths between and beyond losses: two losses come in; one whose importance is on the line through theirs comes out.

The line is geometric, alpha ~ first^(1 - t) * second^t, so every point on it is an importance: rows sum to one and
nothing becomes negative, even if t is outside [0, 1] and the path continues beyond its ends.
"""

import random
from dataclasses import replace

from alphadsl.discover.mutate import rounded
from alphadsl.ir.nodes import Loss
from alphadsl.ir.pretty_loss import pretty_loss

NEAREST, FARTHEST = -1.0, 2.0
"""Range of t for a candidate on a path."""
FLOOR = "1e-6"
"""Added to both ends, since beyond the other end the power is negative, and an importance may be 0."""


def path_text(first: Loss, second: Loss, chance: random.Random, name: str) -> str:
    """A self-contained spec with both ends written out; t is a parameter that a study can tune."""
    t = rounded(chance.uniform(NEAREST, FARTHEST), 2)
    ends = "\n".join(pretty_loss(replace(loss, name=end)) for loss, end in ((first, "first"), (second, "second")))
    return (
        f"{ends}\nloss {name} {{\n  pairs {first.pairs.name}\n  param t = {t:g} in (-inf, inf)\n\n"
        f"  alpha[i,j] ~ ({FLOOR} + first.alpha[i,j])^(1 - t) * ({FLOOR} + second.alpha[i,j])^t\n}}\n"
    )
