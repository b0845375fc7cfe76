"""Runs side by side: run folders come in; groups of the same loss and settings, with means over seeds, come out."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from alphadsl.report.faults import InputError
from runner.metrics import Curve, read_curve
from runner.record import RunFolder, RunRecord, read_probe, read_record

SEED_FREE = {"seed", "data_dir"}


@dataclass(frozen=True)
class FinishedRun:
    """What a probed run has to show."""

    record: RunRecord
    probe: Mapping[str, Any]
    loss: Curve
    knn: Curve
    epoch_steps: int


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds; of a single seed there is no deviation."""

    mean: float
    deviation: float | None

    def __format__(self, form: str) -> str:
        mean = format(self.mean, form)
        return mean if self.deviation is None else f"{mean} ± {format(self.deviation, form)}"


@dataclass(frozen=True)
class Group:
    """The runs that differ by their seed only, under a name that tells them from the other groups."""

    label: str
    runs: tuple[FinishedRun, ...]

    def spread(self, pick: Callable[[Mapping[str, Any]], float]) -> Spread:
        """Mean and deviation of a number of probe.json."""
        values = [pick(run.probe) for run in self.runs]
        return Spread(statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None)


def linear_last(group: Group) -> Spread:
    return group.spread(lambda probe: 100 * probe["linear_last"])


def linear_best(group: Group) -> Spread:
    return group.spread(lambda probe: 100 * probe["linear_best"])


def knn_200(group: Group) -> Spread:
    return group.spread(lambda probe: 100 * probe["knn_200"])


def untrained(group: Group) -> Spread:
    return group.spread(lambda probe: 100 * probe["untrained"]["linear_last"])


def train_seconds(group: Group) -> Spread:
    return group.spread(lambda probe: probe["train_seconds"])


COLUMNS: tuple[tuple[str, Callable[[Group], str]], ...] = (
    ("loss", lambda group: group.label),
    ("seeds", lambda group: str(len(group.runs))),
    ("linear probe %", lambda group: f"{linear_last(group):.1f}"),
    ("best epoch %", lambda group: f"{linear_best(group):.1f}"),
    ("kNN-200 %", lambda group: f"{knn_200(group):.1f}"),
    ("untrained %", lambda group: f"{untrained(group):.1f}"),
    ("training s", lambda group: f"{train_seconds(group):.0f}"),
)


def read_groups(folders: Sequence[RunFolder]) -> list[Group]:
    """The groups in the order of their first run. Raises `InputError` for a run that is missing or was not probed."""
    if not folders:
        raise InputError("There is no run to compare.", "Train one: alphadsl train infonce --dataset digits")
    runs: dict[str, list[FinishedRun]] = {}
    for folder in folders:
        run = read_run(folder)
        runs.setdefault(_identity(run.record), []).append(run)
    records = [members[0].record for members in runs.values()]
    return [Group(_label(members[0].record, records), tuple(members)) for members in runs.values()]


def read_run(folder: RunFolder) -> FinishedRun:
    record, probe = read_record(folder), read_probe(folder)
    loss, knn = read_curve(folder.metrics, "loss"), read_curve(folder.metrics, "knn")
    return FinishedRun(record, probe, loss, knn, int(knn.at[0]) if knn.at else 1)


def describe_setting(groups: Sequence[Group]) -> str:
    """What all runs have in common, as a title."""
    configs = [run.record.config for group in groups for run in group.runs]
    names = ("dataset", "encoder", "width", "epochs", "batch")
    shared = {name: getattr(configs[0], name) for name in names if len({getattr(c, name) for c in configs}) == 1}
    return ", ".join(str(value) if isinstance(value, str) else f"{name} {value}" for name, value in shared.items())


def make_table(groups: Sequence[Group]) -> Table:
    """Top-1 accuracies on the test set in per cent, mean and standard deviation over seeds."""
    table = Table(title=describe_setting(groups))
    for index, (name, _) in enumerate(COLUMNS):
        table.add_column(name, justify="left" if index == 0 else "right", no_wrap=index > 0)
    for group in groups:
        table.add_row(*(cell(group) for _, cell in COLUMNS))
    return table


def _identity(record: RunRecord) -> str:
    return f"{record.loss} {sorted(record.values.items())} {record.config.model_dump_json(exclude=SEED_FREE)}"


def _label(record: RunRecord, records: Sequence[RunRecord]) -> str:
    """The name of the loss, with whatever tells it from its namesakes."""
    namesakes = [other for other in records if other.loss == record.loss]
    everything = [_settings(other) for other in namesakes]
    mine = _settings(record)
    told = [f"{name} {value}" for name, value in mine.items() if any(other.get(name) != value for other in everything)]
    return f"{record.loss} ({', '.join(told)})" if told else record.loss


def _settings(record: RunRecord) -> dict[str, str]:
    values = {name: f"{value:g}" for name, value in record.values.items()}
    return values | {name: str(value) for name, value in record.config.model_dump(exclude=SEED_FREE).items()}
