"""What a callback sees of the network: the encoder at work, and the one that is measured."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import alphadsl

QUICK = {"epochs": 1, "batch": 512, "width": 2, "probe_epochs": 1, "device": "cpu"}


class Witness(alphadsl.Callback):
    """Keeps copies of both encoders' weights at the end."""

    def __init__(self) -> None:
        self.at_work: dict[str, Tensor] = {}
        self.measured: dict[str, Tensor] = {}

    def on_end(self, training: alphadsl.Training) -> None:
        self.at_work = {name: value.clone() for name, value in training.encoder.state_dict().items()}
        self.measured = {name: value.clone() for name, value in training.measured_encoder.state_dict().items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "averaged"),
    [({}, False), ({"ema": 0.9}, True), ({"optimizer": "schedule-free-adamw"}, True)],
    ids=["plain", "ema", "schedule-free"],
)
def test_the_measured_encoder_is_the_one_that_is_kept(
    settings: dict[str, object], averaged: bool, tmp_path: Path
) -> None:
    witness = Witness()
    run = alphadsl.train("infonce", "digits", callbacks=[witness], runs_dir=tmp_path, **QUICK | settings)
    kept = run.encoder.state_dict()
    assert kept.keys() == witness.measured.keys() == witness.at_work.keys()
    assert all(torch.equal(kept[name], witness.measured[name]) for name in kept)
    assert averaged is not all(torch.equal(kept[name], witness.at_work[name]) for name in kept)
