"""A study on a terminal: entries come in; a live table with the time left comes out. Without a terminal, it is a line
for each trial that has ended.
"""

from collections.abc import Sequence
from datetime import timedelta
from statistics import fmean, stdev
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.studies.plan import LOSS, Plan
from runner.studies.space import shown
from runner.studies.study import Entry, Standing, Study

BEST = 10
STYLES = {Standing.RUNNING: "cyan", Standing.FAILED: "red", Standing.PRUNED: "dim", Standing.WAITING: "dim"}


class Watch:
    """Shows the progress of a study; called from time to time."""

    def __init__(self, study: Study, workers: int) -> None:
        self._study, self._workers = study, workers
        self._console = Console(stderr=True)
        self._reported = {entry.index for entry in study.entries() if entry.over}
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __call__(self) -> None:
        entries = self._study.entries()
        if self._console.is_terminal:
            shown = best_first(entries)[:BEST]
            running = [entry for entry in entries if entry.standing is Standing.RUNNING]
            table = make_table(self._study.plan, [*running, *shown])
            self._live.update(Group(table, Text(progress_of(entries, self._workers), style="dim")), refresh=True)
            return
        for entry in entries:
            if entry.over and entry.index not in self._reported:
                self._reported.add(entry.index)
                line = f"{line_of(entry)}; {progress_of(entries, self._workers)}"
                self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()


def counted_seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def best_first(entries: Sequence[Entry]) -> list[Entry]:
    """Trials that were trained to the end, best first; of equal ones, the earlier first."""
    return sorted(
        (entry for entry in entries if entry.standing is Standing.DONE), key=lambda entry: -(entry.score or 0.0)
    )


def make_table(plan: Plan, entries: Sequence[Entry], title: str | None = None) -> Table:
    table = Table(title=title)
    table.add_column("trial", justify="right")
    columns = axis_names(plan)
    for name in columns:
        table.add_column(name, justify="left" if name == LOSS else "right")
    for name in ("score", "by seed", "time", "state"):
        table.add_column(name, justify="left" if name == "state" else "right")
    for entry in entries:
        cells = [cell_of(entry, name) for name in columns]
        table.add_row(
            str(entry.index),
            *cells,
            percent_of(entry),
            spread_of(entry),
            _time(entry.seconds) if entry.started else "",
            _state_of(entry),
            style=STYLES.get(entry.standing),
        )
    return table


def axis_names(plan: Plan) -> list[str]:
    """The columns: the loss if there are several, and every axis by its name within a loss."""
    losses = [LOSS] if len(plan.losses) > 1 else []
    return losses + list(dict.fromkeys(axis.name.rpartition(".")[2] for axis in plan.axes))


def cell_of(entry: Entry, name: str) -> str:
    if name == LOSS:
        return entry.point.loss
    value = {**entry.point.values, **entry.point.settings}.get(name)
    return "" if value is None else shown(value)


def percent_of(entry: Entry) -> str:
    """The score in per cent; if a trial did not finish, nearest-neighbour accuracy at its last rung, marked kNN."""
    if entry.score is not None:
        return f"{100 * entry.score:.1f}"
    return f"kNN {100 * entry.rungs[-1][1]:.1f}" if entry.rungs else ""


def spread_of(entry: Entry) -> str:
    """The standard deviation over seeds, in percentage points; empty for a single seed."""
    return f"± {100 * stdev(entry.scores):.1f}" if len(entry.scores) > 1 else ""


def line_of(entry: Entry) -> str:
    trial = f"trial {entry.index} ({entry.point})"
    match entry.standing:
        case Standing.FAILED:
            return f"{trial} failed: {entry.reason}"
        case Standing.PRUNED:
            return f"{trial} ended at epoch {entry.rungs[-1][0] if entry.rungs else 0}, {percent_of(entry)}%"
        case _:
            return f"{trial} {percent_of(entry)}% {spread_of(entry)}".rstrip()


def progress_of(entries: Sequence[Entry], workers: int) -> str:
    over = [entry for entry in entries if entry.over]
    progress = f"{len(over)} of {len(entries)} trials"
    left = time_left(entries, workers)
    return progress if left is None else f"{progress}, {_time(left)} left"


def time_left(entries: Sequence[Entry], workers: int) -> float | None:
    """Seconds left, from the average time of a trial; None if nothing is known yet or all are done."""
    taken = [entry.seconds for entry in entries if entry.over and entry.started]
    remaining = [entry for entry in entries if not entry.over]
    if not taken or not remaining:
        return None
    spent = sum(min(entry.seconds, fmean(taken)) for entry in remaining)
    return max(0.0, fmean(taken) * len(remaining) - spent) / max(1, min(workers, len(remaining)))


def _state_of(entry: Entry) -> str:
    match entry.standing:
        case Standing.FAILED:
            return f"failed: {entry.reason}"
        case Standing.PRUNED | Standing.RUNNING if entry.rungs:
            return f"{entry.standing}, epoch {entry.rungs[-1][0]}"
        case standing:
            return str(standing)


def _time(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
