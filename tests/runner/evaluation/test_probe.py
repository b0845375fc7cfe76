"""Probes: accuracies that can be calculated, last and best epoch, and an encoder that stays as it was."""

import pytest
import torch

from runner.data.splits import ImageData, Split
from runner.evaluation.probe import _thin_out, knn_accuracy, probe_encoder, train_linear_probe
from runner.network.models import make_network
from runner.settings.config import ExperimentConfig
from runner.training.fabric import make_fabric


@pytest.fixture
def features() -> tuple[torch.Tensor, torch.Tensor]:
    """Three classes along three axes, far apart, with one constant feature."""
    y_N = torch.arange(300) % 3
    noise = torch.randn(300, 4, generator=torch.Generator().manual_seed(0)) * 0.05
    noise[:, 3] = 1.0
    return noise + 5 * torch.eye(3, 4)[y_N], y_N


def test_a_linear_probe_learns_what_is_linear(
    features: tuple[torch.Tensor, torch.Tensor], config: ExperimentConfig
) -> None:
    x_NF, y_N = features
    accuracies = train_linear_probe(x_NF[:200], y_N[:200], x_NF[200:], y_N[200:], config)
    assert len(accuracies) == config.probe_epochs
    assert accuracies[-1] == 1.0


def test_neighbours_vote_by_cosine(features: tuple[torch.Tensor, torch.Tensor]) -> None:
    x_NF, y_N = features
    assert knn_accuracy(x_NF[:200], y_N[:200], 100 * x_NF[200:], y_N[200:]) == 1.0
    assert knn_accuracy(x_NF[:200], y_N[:200], x_NF[200:], (y_N[200:] + 1) % 3) == 0.0


def test_a_probe_reports_last_and_best_and_leaves_the_encoder(data: ImageData, config: ExperimentConfig) -> None:
    network = make_network(config, data.image_size)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    long = config.model_copy(update={"probe_epochs": 40, "probe_lr": 0.05})
    result = probe_encoder(network.encoder, data, long, make_fabric(config))
    again = probe_encoder(network.encoder, data, long, make_fabric(config))
    assert result == again
    assert 0.1 < result.linear_last <= result.linear_best < 1
    assert 1 <= result.best_epoch <= 40
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert network.encoder.training


def test_the_part_used_for_monitoring_sees_every_class() -> None:
    split = Split(torch.zeros(1000, 3, 2, 2), torch.arange(1000) // 100)
    assert set(_thin_out(split, 90).y_N.tolist()) == set(range(10))
    assert len(_thin_out(split, 90).y_N) <= 90
