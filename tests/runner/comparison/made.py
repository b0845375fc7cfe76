"""Runs that were never trained, with the accuracies and measurements that a test wants."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.records.folder import RunFolder
from runner.settings.config import ExperimentConfig
from tests.runner.losses import PlainInfoNCE
from tests.runner.runs import CONFIG, DATA, make_run

INFONCE = (0.50, 0.51, 0.49, 0.52, 0.48, 0.50, 0.53, 0.47)
BETTER = (0.52, 0.54, 0.50, 0.55, 0.51, 0.52, 0.56, 0.48)
SAME = (0.51, 0.50, 0.49, 0.53, 0.47, 0.51, 0.52, 0.47)


def make_seeds(
    root: Path,
    loss: str,
    accuracies: Sequence[float],
    first: int = 0,
    probe: Mapping[str, Any] | None = None,
    rows: Mapping[str, float] | None = None,
    data: Any = DATA,
    **settings: object,
) -> list[RunFolder]:
    """A run for each accuracy, its seeds one after another; `rows` are measured every epoch."""
    runs = []
    for seed, accuracy in enumerate(accuracies, start=first):
        config = ExperimentConfig.model_validate(CONFIG.model_dump() | settings | {"seed": seed})
        run = make_run(root / f"{loss}-{seed}", PlainInfoNCE(name=loss), config, data)
        edit_probe(run, linear_last=accuracy, linear_best=accuracy, **(probe or {}))
        steps = [{"step": 3 * e - 2 + k, "epoch": e, "loss": 1 / e, "lr": 0.1} for e in (1, 2) for k in range(3)]
        ends = [{"step": 3 * e, "epoch": e, "knn": 0.4 + 0.1 * e, "seconds": 2.0 * e, **(rows or {})} for e in (1, 2)]
        lines = sorted([*steps, *ends], key=lambda row: (row["step"], "seconds" in row))
        run.metrics.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        runs.append(run)
    return runs


def edit_probe(run: RunFolder, **changes: object) -> None:
    """Change what probe.json says of the test set; whatever else is given is put beside it."""
    content = json.loads(run.probe.read_text())
    for name, value in changes.items():
        (content["test"] if name.startswith("linear_") else content)[name] = value
    run.probe.write_text(json.dumps(content))
