"""Paths between and beyond losses: two losses come in; one whose importance lies on the line through theirs comes out.

The line is geometric, alpha ~ first^(1 - t) * second^t, so that every point of it is an importance: rows sum to one
and nothing turns negative, also where t lies outside [0, 1] and the path goes on beyond its ends.
"""

import random
from dataclasses import replace

from alphadsl.discover.mutate import rounded
from alphadsl.ir.nodes import Loss
from alphadsl.ir.pretty_loss import pretty_loss

NEAREST, FARTHEST = -1.0, 2.0
"""Where on a path a candidate may lie."""
FLOOR = "1e-6"
"""Added to both ends: beyond the other end the power is negative, and an importance may be 0."""


def path_text(first: Loss, second: Loss, chance: random.Random, name: str) -> str:
    """A spec of its own, both ends written out in it; t is a parameter that a study can tune."""
    place = rounded(chance.uniform(NEAREST, FARTHEST), 2)
    ends = "\n".join(pretty_loss(replace(loss, name=end)) for loss, end in ((first, "first"), (second, "second")))
    return (
        f"{ends}\nloss {name} {{\n  pairs {first.pairs.name}\n  param t = {place:g} in (-inf, inf)\n\n"
        f"  alpha[i,j] ~ ({FLOOR} + first.alpha[i,j])^(1 - t) * ({FLOOR} + second.alpha[i,j])^t\n}}\n"
    )
