"""How often the test set has been looked at in one place: a folder and a confirmation come in; sentences come out.

A p-value holds for comparisons that were fixed beforehand. Whoever drops the losses that did badly, or adds seeds until
a difference shows, and confirms again in the same folder, reads runs that have already been seen; so each report names
the earlier ones that share a seed with it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file
from runner.comparison.sections import Section

LOOKS = "looks"
"""The field of `confirmation.json` that has all of them, the present one last."""


@dataclass(frozen=True)
class Look:
    """What one report compared."""

    seeds: tuple[int, ...]
    losses: tuple[str, ...]
    """With the values and settings that they were given."""
    datasets: tuple[str, ...]

    def description(self) -> str:
        seeds = f"seeds {self.seeds[0]} to {self.seeds[-1]}" if len(self.seeds) > 1 else f"seed {self.seeds[0]}"
        return f"{', '.join(self.losses)} on {', '.join(self.datasets)} with {seeds}"


def look_of(sections: Sequence[Section]) -> Look:
    """What these sections compare."""
    groups = [(section.dataset, group) for section in sections for group in section.groups]
    return Look(
        tuple(sorted({run.record.config.seed for _, group in groups for run in group.runs})),
        tuple(dict.fromkeys(group.label for _, group in groups)),
        tuple(dict.fromkeys(dataset for dataset, _ in groups)),
    )


def earlier_looks(report: Path, look: Look) -> tuple[Look, ...]:
    """The other looks that the report of an earlier confirmation knows of, oldest first.

    A report that is missing, damaged or of an earlier version knows of none: it is about to be replaced.
    """
    try:
        known = json.loads(read_file(report)).get(LOOKS, []) if report.exists() else []
        looks = [_read(entry) for entry in known]
    except (InputError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return ()
    return tuple(past for past in dict.fromkeys(looks) if past != look)


def describe_looks(earlier: Sequence[Look], look: Look) -> list[str]:
    """A sentence, if an earlier report has already read some of the same seeds."""
    shared = [past for past in earlier if set(past.seeds) & set(look.seeds) and set(past.datasets) & set(look.datasets)]
    if not shared:
        return []
    return [
        f"This is look {len(shared) + 1} at the test set with these seeds. Before it: "
        f"{'; '.join(past.description() for past in shared)}. If those results decided which losses or how many "
        "seeds are compared now, the p-values and intervals are too optimistic; confirm with fresh seeds (--seed)."
    ]


def written_looks(earlier: Sequence[Look], look: Look) -> list[dict[str, Any]]:
    """All looks, for the report."""
    return [asdict(known) for known in (*earlier, look)]


def _read(entry: dict[str, Any]) -> Look:
    return Look(*(tuple(entry[name]) for name in ("seeds", "losses", "datasets")))
