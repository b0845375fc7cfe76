"""Runs side by side: run folders come in; groups with the same loss, settings, data and environment, and their means
over seeds, come out. Groups are named after what differs between them. A run that cannot be shown is reported and left
out.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alphadsl.report.exceptions import InputError
from runner.records.code import SHOWN
from runner.records.folder import RunFolder
from runner.records.identity import RunRecord
from runner.records.metrics import STEP_KEYS, Curve, pick_curve, read_rows
from runner.records.record import read_probe, read_record

EXACT = 17
"""Number of significant digits that distinguish any two floats."""


@dataclass(frozen=True)
class FinishedRun:
    """The results of a probed run."""

    folder: RunFolder
    record: RunRecord
    probe: Mapping[str, Any]
    curves: Mapping[str, Curve]
    """Everything that training measured, by name."""
    epoch_steps: int

    def curve(self, name: str) -> Curve:
        """A measurement by step; empty if the run has none of this name."""
        return self.curves.get(name, Curve((), ()))


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds; with a single seed there is no deviation."""

    mean: float
    deviation: float | None

    def __format__(self, form: str) -> str:
        mean = format(self.mean, form)
        return mean if self.deviation is None else f"{mean} ± {format(self.deviation, form)}"


@dataclass(frozen=True)
class Group:
    """Runs that differ only in their seed, under a name that distinguishes them from other groups."""

    label: str
    runs: tuple[FinishedRun, ...]

    def spread(self, *path: str, scale: float = 1) -> Spread | None:
        """Mean and deviation of a number in probe.json, found by its keys; None if a run has not measured it."""
        values = [_follow(run.probe, path) for run in self.runs]
        measured = [scale * value for value in values if value is not None]
        if len(measured) < len(values):
            return None
        return Spread(statistics.mean(measured), statistics.stdev(measured) if len(measured) > 1 else None)


def _follow(content: Any, path: Sequence[str]) -> Any:
    for key in path:
        content = None if content is None else content[key]
    return content


@dataclass(frozen=True)
class Skipped:
    """A run that is left out of a comparison, and the reason."""

    folder: RunFolder
    reason: InputError


@dataclass(frozen=True)
class Comparable:
    """The groups that can be compared, and the runs that cannot."""

    groups: tuple[Group, ...]
    skipped: tuple[Skipped, ...]


def validated(group: Group) -> Spread | None:
    """Accuracy of the linear probe in per cent on images held out of the training set, on which choices are made."""
    return group.spread("validation", "linear", scale=100)


def linear_last(group: Group) -> Spread | None:
    return group.spread("test", "linear_last", scale=100)


def linear_best(group: Group) -> Spread | None:
    return group.spread("test", "linear_best", scale=100)


def knn_200(group: Group) -> Spread | None:
    return group.spread("test", "knn_200", scale=100)


def untrained(group: Group) -> Spread | None:
    return group.spread("untrained", "test", "linear_last", scale=100)


def untrained_validated(group: Group) -> Spread | None:
    return group.spread("untrained", "validation", "linear", scale=100)


def _cell(spread: Spread | None, form: str) -> str:
    return "–" if spread is None else format(spread, form)


COLUMNS: tuple[tuple[str, Callable[[Group], str]], ...] = (
    ("loss", lambda group: group.label),
    ("seeds", lambda group: str(len(group.runs))),
    ("validation %", lambda group: _cell(validated(group), ".1f")),
    ("linear probe %", lambda group: _cell(linear_last(group), ".1f")),
    ("best epoch %", lambda group: _cell(linear_best(group), ".1f")),
    ("kNN-200 %", lambda group: _cell(knn_200(group), ".1f")),
    ("untrained %", lambda group: _cell(untrained(group) or untrained_validated(group), ".1f")),
    ("training s", lambda group: _cell(group.spread("train_seconds"), ".0f")),
)


def by_experiment(run: FinishedRun) -> tuple[str, ...]:
    """Loss and settings: what runs of different seeds have in common, wherever they were computed."""
    record = run.record
    settings = {name: value for name, value in _settings(run).items() if name not in record.computed_with()}
    return (record.loss, record.spec, *_words(record.parameters()), *_words(settings))


def by_environment(run: FinishedRun) -> tuple[str, ...]:
    """The same and the environment, for runs that nobody has said belong together."""
    return (*by_experiment(run), *_words(run.record.computed_with()))


def read_groups(
    folders: Sequence[RunFolder], together: Callable[[FinishedRun], tuple[str, ...]] = by_environment
) -> Comparable:
    """The groups in the order of their first run; `together` gives what all runs of a group have in common.

    Raises `InputError` if there is nothing at all to show.
    """
    if not folders:
        raise InputError("There is no run to compare.", "Train one: alphadsl train infonce --dataset digits")
    skipped, members = [], dict[tuple[str, ...], dict[int, FinishedRun]]()
    for folder in _once(folders):
        try:
            run = read_run(folder)
            seeds = members.setdefault(together(run), {})
            if (twin := seeds.setdefault(run.record.config.seed, run)) is not run:
                raise InputError(f"It is {twin.folder.path} again: the same settings and seed.")
        except InputError as reason:
            skipped.append(Skipped(folder, reason))
    if not members and len(skipped) == 1:
        raise skipped[0].reason
    groups = [Group("", tuple(seeds.values())) for seeds in members.values()]
    return Comparable(named(groups), tuple(skipped))


def named(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups under names that distinguish them from each other."""
    runs = [group.runs[0] for group in groups]
    return tuple(Group(_label(run, runs), group.runs) for run, group in zip(runs, groups, strict=True))


def _once(folders: Sequence[RunFolder]) -> list[RunFolder]:
    """Every folder once, however often it is named and through whatever links."""
    first: dict[Path, RunFolder] = {}
    for folder in folders:
        first.setdefault(folder.path.resolve(), folder)
    return list(first.values())


def read_run(folder: RunFolder) -> FinishedRun:
    """The results of a run. Raises `InputError` if it is missing, damaged, newer, of another run or not probed."""
    record, probe, rows = read_record(folder), read_probe(folder), read_rows(folder.metrics)
    curves = {name: pick_curve(rows, name) for name in {name for row in rows for name in row} - STEP_KEYS}
    ends = [row for row in rows if row.get("epoch") and not row.keys().isdisjoint(("seconds", "knn"))]
    epoch_steps = int(ends[0]["step"] // ends[0]["epoch"]) if ends else 1
    return FinishedRun(folder, record, probe, curves, max(1, epoch_steps))


def describe_setting(groups: Sequence[Group]) -> str:
    """What all runs have in common, as a title."""
    configs = [run.record.config for group in groups for run in group.runs]
    names = ("dataset", "encoder", "width", "epochs", "batch")
    shared = {name: getattr(configs[0], name) for name in names if len({getattr(c, name) for c in configs}) == 1}
    return ", ".join(str(value) if isinstance(value, str) else f"{name} {value}" for name, value in shared.items())


def make_rows(groups: Sequence[Group], ended: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Table rows: top-1 accuracies in per cent, on validation images and the test set, as mean and deviation over
    seeds.

    `ended` names runs without a result, and says how they ended.
    """
    rows = [tuple(cell(group) for _, cell in COLUMNS) for group in groups]
    return rows + [(name, "", how, *("" for _ in COLUMNS[3:])) for name, how in ended.items()]


def _label(run: FinishedRun, runs: Sequence[FinishedRun]) -> str:
    """The name of the loss, with what distinguishes it from others of the same name, and settings that differ."""
    mine = run.record
    namesakes = [other.record for other in runs if other.record.loss == mine.loss]
    traits = _differing(mine.parameters(), [other.parameters() for other in namesakes])
    if any(other.values == mine.values and other.spec != mine.spec for other in namesakes):
        traits.append(f"spec {mine.spec[:SHOWN]}")
    traits += _differing(_settings(run), [_settings(other) for other in runs])
    if not mine.run:
        traits.append("of an earlier version")
    return f"{mine.loss} ({', '.join(traits)})" if traits else mine.loss


def _settings(run: FinishedRun) -> dict[str, str]:
    """All settings, and the number of epochs reached by a run that was probed before its end."""
    epochs = run.record.config.epochs
    reached = {} if run.probe["epoch"] == epochs else {"epochs": f"{run.probe['epoch']} of {epochs}"}
    return run.record.settings() | reached


def _differing(mine: Mapping[str, str], others: Sequence[Mapping[str, str]]) -> list[str]:
    """Those of `mine` for which any of the others has a different value."""
    known = {name: {other.get(name, value) for other in others} | {value} for name, value in mine.items()}
    return _words({name: _shortest(value, known[name]) for name, value in mine.items() if len(known[name]) > 1})


def _shortest(value: str, values: Iterable[str]) -> str:
    """A fraction in the fewest digits, at least four, that distinguish it from the other values; others as they are."""
    if value.isdecimal():
        return value
    try:
        numbers = {float(other) for other in values}
        shorter = ({number: f"{number:.{digits}g}" for number in numbers} for digits in range(4, EXACT))
        shown = next((texts for texts in shorter if len(set(texts.values())) == len(numbers)), {})
        return shown.get(float(value), value)
    except ValueError:
        return value


def _words(traits: Mapping[str, str]) -> list[str]:
    return [f"{name} {value}" for name, value in traits.items()]
