"""Parameters with several values: numbers by name come in; every combination comes out, with what it adds to the name
of a run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from runner.settings.grid import told_apart


@dataclass(frozen=True)
class Point:
    """A value for each parameter that is given, and what they add to the name of a run."""

    values: Mapping[str, float]
    tag: str


def combine_values(lists: Mapping[str, Sequence[float]]) -> list[Point]:
    """Every combination, with the last parameter changing fastest."""
    axes = [[(name, *both) for both in zip(values, told_apart(values), strict=True)] for name, values in lists.items()]
    return [
        Point({name: value for name, value, _ in point}, "".join(f"-{name}{word}" for name, _, word in point))
        for point in product(*axes)
    ]
