"""What may stand in one table: groups of runs come in; sections come out, each of runs that were measured alike.

Accuracies on other images, by another protocol of the probe, or on validation images instead of the test set are not
the same quantity. Such runs are put into tables of their own, and never subtracted from each other.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runner.records.identity import SHOWN
from runner.records.summary import FinishedRun, Group, Spread, describe_setting, named

TEST, VALIDATION = "test set", "validation images"
MEASURES = {TEST: ("test", "linear_last"), VALIDATION: ("validation", "linear")}
"""What losses are compared by: the linear probe after its last epoch, which nothing was chosen by."""


@dataclass(frozen=True)
class Measured:
    """What must agree between two runs whose accuracies are compared."""

    data: str
    """A fingerprint of the images and labels; of earlier versions, which data set and where it was."""
    protocol: str
    """A hash of how the probe is made; of earlier versions, its settings."""
    part: str
    """Which images the accuracies are of."""


@dataclass(frozen=True)
class Section:
    """Groups of runs that were measured alike, with names that tell them apart."""

    measured: Measured
    groups: tuple[Group, ...]

    @property
    def title(self) -> str:
        return describe_setting(self.groups)

    @property
    def dataset(self) -> str:
        return self.groups[0].runs[0].record.config.dataset

    def told(self) -> str:
        """How accuracies of this section were measured, in a sentence."""
        return (
            f"Top-1 accuracy on {'the ' if self.measured.part == TEST else ''}{self.measured.part}; data "
            f"{self.measured.data[:SHOWN]}; probe {self.measured.protocol}."
        )


def measured_by(run: FinishedRun) -> Measured:
    record, config = run.record, run.record.config
    known = f"{config.dataset} in {config.data_dir}"
    protocol = run.probe.get("protocol") or (
        f"of an earlier version ({config.probe_epochs} epochs of {config.probe_batch}, lr {config.probe_lr:g})"
    )
    part = TEST if accuracy_of(run, TEST) is not None else VALIDATION
    return Measured(record.data.fingerprint if record.data else known, str(protocol), part)


def accuracy_of(run: FinishedRun, part: str) -> float | None:
    """Of the linear probe after its last epoch, in per cent; None where it was not measured on these images."""
    share = share_in(run.probe, *MEASURES[part])
    return None if share is None else 100 * share


def share_in(content: Any, *path: str) -> float | None:
    """A share in probe.json, found by its keys; None where there is none."""
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    return None if content is None else float(content)


def spread_of(group: Group, *path: str) -> Spread | None:
    """Mean and deviation in per cent of a number of probe.json; None where a run has not measured it."""
    values = [share_in(run.probe, *path) for run in group.runs]
    measured = [100 * value for value in values if value is not None]
    if len(measured) < len(values):
        return None
    return Spread(statistics.mean(measured), statistics.stdev(measured) if len(measured) > 1 else None)


def make_sections(groups: Sequence[Group]) -> tuple[Section, ...]:
    """A section for each way of measuring, in the order of their first run. A group whose seeds were measured in
    several ways is in several sections, with those seeds."""
    sections: dict[Measured, list[Group]] = {}
    for group in groups:
        for measured, part in _parts(group):
            sections.setdefault(measured, []).append(part)
    return tuple(Section(measured, named(members)) for measured, members in sections.items())


def _parts(group: Group) -> Iterator[tuple[Measured, Group]]:
    runs: dict[Measured, list[FinishedRun]] = {}
    for run in group.runs:
        runs.setdefault(measured_by(run), []).append(run)
    yield from ((measured, Group(group.label, tuple(members))) for measured, members in runs.items())
