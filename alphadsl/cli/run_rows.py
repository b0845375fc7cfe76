"""How runs are shown: rows come in; a table, lines about a single run, and its JSON, come out."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from alphadsl.report.visible import visible_text
from runner.records.status import Status

if TYPE_CHECKING:
    from runner.overview import RunRow

STALE = "stale"
"""What a run that was stopped long ago is called, in addition to its state."""
STYLES = {Status.RUNNING: "cyan", Status.DAMAGED: "red", Status.DIVERGED: "red", Status.STOPPED: "yellow"}
LEFT = ("run", "data", "loss", "state")
LONG = ("run", "loss", "state")
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def make_table(rows: "Sequence[RunRow]") -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in ("run", "data", "loss", "seed", "epochs", "kNN %", "val %", "test %", "age", "state"):
        justify: Literal["left", "right"] = "left" if title in LEFT else "right"
        table.add_column(title, justify=justify, overflow="fold", no_wrap=title not in LONG)
    for row in rows:
        epochs = f"{row.epoch}/{row.record.config.epochs}" if row.record else ""
        cells = [row.name, *_whose(row), epochs, *map(_percent, (row.knn, row.validation, row.test)), _age(row.age)]
        shown = [Text(visible_text(cell)) for cell in cells]
        table.add_row(*shown, Text(visible_text(_state(row)), style=STYLES.get(row.status, "")))
    return table


def _whose(row: "RunRow") -> tuple[str, str, str]:
    record = row.record
    if record is None:
        return "", "", ""
    values = "".join(f" {name}={value}" for name, value in record.parameters().items())
    return record.config.dataset, f"{record.loss}{values}", str(record.config.seed)


def _state(row: "RunRow") -> str:
    standing = f"{row.status}, {STALE}" if row.stale else str(row.status)
    return f"{standing}: {row.reason.message}" if row.reason is not None and row.status is Status.DAMAGED else standing


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _age(seconds: float | None) -> str:
    """An age in the largest unit of which it has at least one."""
    if seconds is None:
        return ""
    size, unit = next((it for it in UNITS if seconds >= it[0]), UNITS[-1])
    return f"{int(seconds // size)} {unit}"


def tell(row: "RunRow") -> list[tuple[str, str]]:
    """What there is to say about a run: pairs of a title and a text."""
    from runner.contract import describe
    from runner.overview import next_command
    from runner.settings.resolving import own_settings

    run, record, facts = row.folder, row.record, [("run", str(row.folder.path)), ("state", _standing(row))]
    if row.reason is not None:
        facts += [("why", row.reason.message), ("", row.reason.help)]
    if record is not None:
        facts += [("loss", describe(record.loss, record.values))]
        own = own_settings(record.config)
        facts += [("settings", ", ".join(f"{name} {value}" for name, value in own.items()) or "the data set's own")]
        facts += [("data", f"{record.config.dataset} {record.data or ''}")]
        facts += [("environment", ", ".join(f"{name} {value}" for name, value in it)) for it in record.environments]
    measured = {"kNN": row.knn, "validation": row.validation, "test": row.test}
    shown = [f"{name} {_percent(share)} %" for name, share in measured.items() if share is not None]
    facts += [("accuracy", ", ".join(shown))] if shown else []
    kept = [path for path in (run.checkpoint, *run.earlier_checkpoints, *run.checkpoints) if path.exists()]
    facts += [("checkpoints", ", ".join(str(path.relative_to(run.path)) for path in kept) or "none")]
    command = next_command(row)
    return [*facts, ("next", command)] if command is not None else facts


def _standing(row: "RunRow") -> str:
    epochs = f", epoch {row.epoch} of {row.record.config.epochs}" if row.record else ""
    age = f", last changed {_age(row.age)} ago" if row.age is not None else ""
    return f"{row.status}{f', {STALE}' if row.stale else ''}{epochs}{age}"


def as_dict(row: "RunRow") -> dict[str, object]:
    record = row.record
    return {
        "run": str(row.folder.path),
        "state": str(row.status),
        "stale": row.stale,
        "reason": None if row.reason is None else row.reason.message,
        "epoch": row.epoch,
        "knn": row.knn,
        "validation": row.validation,
        "test": row.test,
        "age_seconds": row.age,
        "record": None if record is None else json.loads(record.model_dump_json()),
    }
