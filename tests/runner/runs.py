"""Finished runs without the training: every file that a run has, as the runner writes it."""

import json
from pathlib import Path

import torch

from runner.records.folder import RunFolder
from runner.records.identity import DataRecord
from runner.records.opening import IfExists, open_run
from runner.records.record import read_record, write_json
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import make_config
from runner.training.checkpoint import Checkpoint, save_checkpoint
from tests.runner.losses import PlainInfoNCE

DATA = DataRecord(fingerprint="d" * 64, pretrain=1297, train=1297, test=500, classes=10)
OTHER_DATA = DATA.model_copy(update={"fingerprint": "e" * 64})
CONFIG = make_config("digits", epochs=2, device="cpu")
ACCURACIES = {
    "validation": {"linear": 0.625, "best_epoch": 1, "knn_200": 0.375},
    "test": {"linear_last": 0.5, "linear_best": 0.75, "best_epoch": 1, "knn_200": 0.25},
}
EARLIER_ACCURACIES = {"linear_last": 0.5, "linear_best": 0.75, "best_epoch": 1, "knn_200": 0.25}
"""As they were written before there was a validation split."""


def make_run(
    path: Path,
    loss: PlainInfoNCE | None = None,
    config: ExperimentConfig = CONFIG,
    data: DataRecord = DATA,
    epoch: int | None = None,
) -> RunFolder:
    """A run that was trained to `epoch`, by default to its end, and probed."""
    run = open_run(path, loss or PlainInfoNCE(), config, IfExists.REFUSE, data)
    epoch = config.epochs if epoch is None else epoch
    rows = [{"step": step, "epoch": step, "loss": 1.5, "knn": 0.5} for step in range(1, epoch + 1)]
    run.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    record = read_record(run)
    length = run.metrics.stat().st_size
    weights = {"weight": torch.arange(64.0)}
    save_checkpoint(
        run.checkpoint, Checkpoint(epoch, epoch, 1.0, length, weights, {}, {}, record=record.model_dump_json())
    )
    whose = {"epoch": epoch, "train_seconds": 1.0, "identity": record.identity()}
    write_json(run.probe, ACCURACIES | {"untrained": ACCURACIES} | whose)
    run.confusion.write_bytes(b"")
    return run
