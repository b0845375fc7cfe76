"""What may be in one table: groups of runs come in; sections come out, each of runs that were measured alike.

Accuracies on other images, with another protocol of the probe, or on validation images instead of the test set are not
the same quantity. Such runs go into tables of their own and are never subtracted from each other.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runner.records.code import SHOWN
from runner.records.summary import FinishedRun, Group, Spread, describe_setting, named

TEST, VALIDATION = "test set", "validation images"
MEASURES = {TEST: ("test", "linear_last"), VALIDATION: ("validation", "linear")}
"""The accuracies that losses are compared by: the linear probe after its last epoch, which involves no selection."""


@dataclass(frozen=True)
class Measured:
    """What two runs must share for their accuracies to be compared."""

    data: str
    """A fingerprint of the images and labels; for earlier versions, the data set and its location."""
    protocol: str
    """A hash of the probe's protocol; for earlier versions, its settings."""
    part: str
    """The images on which the accuracies were measured."""


@dataclass(frozen=True)
class Section:
    """Groups of runs that were measured alike, with distinct names."""

    measured: Measured
    groups: tuple[Group, ...]

    @property
    def title(self) -> str:
        return describe_setting(self.groups)

    @property
    def dataset(self) -> str:
        return self.groups[0].runs[0].record.config.dataset

    def description(self) -> str:
        """How the accuracies of this section were measured, in a sentence."""
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
    """Accuracy of the linear probe after its last epoch, in per cent; None if it was not measured on these images."""
    share = share_in(run.probe, *MEASURES[part])
    return None if share is None else 100 * share


def share_in(content: Any, *path: str) -> float | None:
    """A fraction in probe.json, found by its keys; None if there is none."""
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    return None if content is None else float(content)


def spread_of(group: Group, *path: str) -> Spread | None:
    """Mean and deviation, in per cent, of a number in probe.json; None if a run has not measured it."""
    values = [share_in(run.probe, *path) for run in group.runs]
    measured = [100 * value for value in values if value is not None]
    if len(measured) < len(values):
        return None
    return Spread(statistics.mean(measured), statistics.stdev(measured) if len(measured) > 1 else None)


def make_sections(groups: Sequence[Group]) -> tuple[Section, ...]:
    """A section for each way of measuring, in the order of their first run. A group whose seeds were measured in
    several ways is in several sections, each with its seeds."""
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
