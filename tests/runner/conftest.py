"""A small experiment on the digits: 3 steps an epoch, so that whole runs fit into a test."""

from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure

from runner.data.datasets import load_data
from runner.data.splits import ImageData, Split
from runner.records.folder import RunFolder
from runner.records.identity import describe_data
from runner.records.opening import IfExists, open_run
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import make_config
from runner.training.fabric import make_fabric
from runner.training.job import Job
from runner.training.pretrain import pretrain
from tests.runner.losses import PlainInfoNCE

SMALL = {"width": 2, "projector_dim": 8, "batch": 64, "epochs": 4, "probe_epochs": 5, "device": "cpu"}


@pytest.fixture
def config() -> ExperimentConfig:
    return make_config("digits", **SMALL)


@pytest.fixture(scope="session")
def data() -> ImageData:
    return few_digits()


def few_digits() -> ImageData:
    digits = load_data(make_config("digits"), torch.device("cpu"))
    train = Split(digits.train.x_NCHW[:200], digits.train.y_N[:200])
    test = Split(digits.test.x_NCHW[:100], digits.test.y_N[:100])
    return ImageData(digits.classes, train.x_NCHW, train, test)


class Laboratory:
    """Runs of the small experiment below one folder."""

    def __init__(self, root: Path, data: ImageData, config: ExperimentConfig) -> None:
        self.root, self.data, self.config = root, data, config

    def train(
        self, name: str, loss: PlainInfoNCE, if_exists: IfExists = IfExists.REFUSE, stop_after: int | None = None
    ) -> RunFolder:
        run = open_run(self.root / name, loss, self.config, if_exists, describe_data(self.data))
        pretrain(Job(loss, self.data, self.config, run, make_fabric(self.config), stop_after))
        return run


@pytest.fixture
def laboratory(tmp_path: Path, data: ImageData, config: ExperimentConfig) -> Laboratory:
    return Laboratory(tmp_path, data, config)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are empty, for tests of everything else: to draw a page takes a second or more."""
    draw = Figure.savefig

    def blank(figure: Figure, *given: Any, **options: Any) -> None:
        draw(Figure((1, 1)), *given, **options)

    monkeypatch.setattr(Figure, "savefig", blank)
