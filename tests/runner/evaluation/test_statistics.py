"""Statistics of a batch against sums written out, and a training that does not notice them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

import alphadsl
from runner.evaluation.statistics import feature_statistics, importance_statistics, measure_batch
from runner.network.models import SiameseNetwork, make_network
from runner.settings.config import ExperimentConfig
from runner.training import observing
from runner.training.checkpoint import load_checkpoint
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE

# N samples, F features, A anchors, C candidates

ALPHA = ("alpha/entropy", "alpha/effective_negatives", "alpha/beta")
FEATURES = ("features/alignment", "features/uniformity", "features/effective_rank")


@dataclass(frozen=True)
class Weights:
    repel: Tensor
    attract: Tensor


def alike(count: int) -> Tensor:
    return torch.full((6, count), 0.3)


CASES: Mapping[str, tuple[Weights, tuple[float, float, float]]] = {
    "all alike": (Weights(alike(4), torch.full((6,), 1.5)), (math.log(4), 4, 1.5)),
    "one has all": (Weights(7 * torch.eye(6), torch.arange(6.0)), (0, 1, 2.5)),
    "pushed from nothing": (Weights(torch.zeros(6, 6), torch.zeros(6)), (0, 0, 0)),
    "half are pushed": (Weights(torch.cat([alike(4)[:3], torch.zeros(3, 4)]), torch.ones(6)), (math.log(4) / 2, 2, 1)),
    "a negative that attracts": (Weights(torch.tensor([[1.0, 1.0, -5.0]]), torch.ones(1)), (math.log(2), 2, 1)),
    "several positives": (Weights(alike(2), torch.full((6, 6), 0.25)), (math.log(2), 2, 1.5)),
}


@pytest.mark.parametrize("name", CASES)
def test_statistics_of_importances_that_can_be_calculated(name: str) -> None:
    weights, expected = CASES[name]
    found = importance_statistics(weights)
    assert tuple(found) == ALPHA
    assert tuple(found.values()) == pytest.approx(expected, abs=1e-6)


def test_statistics_of_features_are_their_formulas() -> None:
    h_VNF = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    unit = h_VNF.numpy() / np.linalg.norm(h_VNF.numpy(), axis=2, keepdims=True)
    alignment = np.mean([np.sum((unit[0, i] - unit[1, i]) ** 2) for i in range(7)])
    gaps = [math.exp(-2 * np.sum((unit[0, i] - unit[0, j]) ** 2)) for i in range(7) for j in range(i)]
    singular = np.sqrt(np.linalg.eigvalsh(h_VNF.reshape(14, 5).numpy().T @ h_VNF.reshape(14, 5).numpy()))
    shares = singular / singular.sum()
    rank = math.exp(-sum(share * math.log(share) for share in shares))
    expected = (alignment, math.log(np.mean(gaps)), rank)
    found = feature_statistics(h_VNF)
    assert tuple(found) == FEATURES
    assert tuple(found.values()) == pytest.approx(expected, rel=1e-9)


def test_ends_of_alignment_uniformity_and_rank() -> None:
    point = feature_statistics(torch.ones(2, 4, 3))
    assert tuple(point.values()) == pytest.approx((0, 0, 1), abs=1e-6)
    axes = feature_statistics(torch.stack([torch.eye(4), -torch.eye(4)]))
    assert tuple(axes.values()) == pytest.approx((4, -4, 4))


@pytest.mark.parametrize("tau", [0.05, 0.5])
def test_alpha_of_a_loss_is_that_of_its_formula(tau: float, config: ExperimentConfig) -> None:
    """InfoNCE at the embeddings of a network: alpha_ij = softmax over positive and negatives, beta_i its sum."""
    network, loss = make_network(config, 8), alphadsl.load("infonce", values={"tau": tau}, compile=False)
    x_VNCHW = torch.rand(2, 5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network.eval()
    with torch.no_grad():
        z_AD = torch.nn.functional.normalize(network(x_VNCHW.flatten(0, 1)).double())
    network.train()
    entropies, betas = [], []
    for anchor in range(10):
        logits = {other: float(z_AD[anchor] @ z_AD[other]) / tau for other in range(10) if other != anchor}
        top = max(logits.values())
        weights = {other: math.exp(logit - top) for other, logit in logits.items()}
        total = sum(weights.values())
        negatives = [weight / total for other, weight in weights.items() if other != (anchor + 5) % 10]
        betas.append(sum(negatives))
        entropies.append(-sum(p / betas[-1] * math.log(p / betas[-1]) for p in negatives))
    found = measure_batch(network, loss, x_VNCHW)
    expected = (np.mean(entropies), np.mean(np.exp(entropies)), np.mean(betas))
    assert tuple(found[name] for name in ALPHA) == pytest.approx(expected, rel=1e-4)
    assert network.training


def test_a_loss_that_cannot_say_its_importances_has_those_of_its_features(config: ExperimentConfig) -> None:
    x_VNCHW = torch.rand(2, 5, 3, 8, 8)
    assert tuple(measure_batch(make_network(config, 8), PlainInfoNCE(), x_VNCHW)) == FEATURES


def test_no_number_that_is_not_finite_is_written(config: ExperimentConfig) -> None:
    """Embeddings all alike have no singular value but one; features of zero have none at all."""
    network = make_network(config, 8)
    torch.nn.init.zeros_(network.encoder.stem[0].weight)  # type: ignore[arg-type]
    found = measure_batch(network, PlainInfoNCE(), torch.rand(2, 5, 3, 8, 8))
    assert all(math.isfinite(value) for value in found.values())


class Asked(PlainInfoNCE):
    """A loss that is asked for its importances, and draws random numbers to answer."""

    def importance(self, z0_ND: Tensor, z1_ND: Tensor, labels_N: Tensor | None) -> Weights:
        assert not z0_ND.requires_grad
        return Weights(torch.rand(2 * len(z0_ND), 2 * len(z0_ND)), torch.rand(2 * len(z0_ND)))


@pytest.mark.slow
def test_training_has_the_same_weights_with_and_without(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = laboratory.train("watched", Asked())
    monkeypatch.setattr(observing, "OBSERVERS", ())
    unwatched = laboratory.train("unwatched", Asked())
    first, second = (load_checkpoint(run.checkpoint, torch.device("cpu")) for run in (watched, unwatched))
    assert first.network.keys() == second.network.keys()
    assert all(torch.equal(value, second.network[name]) for name, value in first.network.items())
    rows = [json.loads(line) for line in watched.metrics.read_text().splitlines()]
    epochs = [row for row in rows if "seconds" in row]
    assert len(epochs) == laboratory.config.epochs
    assert all({*ALPHA, *FEATURES} <= row.keys() for row in epochs)
    assert len({row["features/alignment"] for row in epochs}) > 1
    assert not any(name in line for line in unwatched.metrics.read_text().splitlines() for name in FEATURES)


def test_losses_with_labels_are_told_those_of_the_batch(config: ExperimentConfig) -> None:
    """The denominator of supcon has all other eleven embeddings, whatever their classes; its positives are counted."""
    network: SiameseNetwork = make_network(config, 8)
    x_VNCHW = torch.rand(2, 6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    loss = alphadsl.load("supcon", compile=False)
    halves, thirds = (measure_batch(network, loss, x_VNCHW, torch.arange(6) % classes) for classes in (2, 3))
    assert all(1 <= found["alpha/effective_negatives"] <= 11 + 1e-6 for found in (halves, thirds))
    assert halves["alpha/beta"] != thirds["alpha/beta"]
    assert {halves[name] == thirds[name] for name in FEATURES} == {True}
