"""Probes: accuracies that can be calculated, what is chosen on which images, and a test set that stays sealed."""

from dataclasses import replace

import pytest
import torch
from torch._subclasses import FakeTensorMode

from alphadsl.report.exceptions import InputError
from runner.data.splits import ImageData, Split, hold_out
from runner.evaluation.features import Features, Labelled, batch_for, read_features
from runner.evaluation.probe import ProbeResult, monitor_encoder, probe_features, thin_out
from runner.evaluation.protocol import Protocol, protocol_of
from runner.network.models import make_network
from runner.settings.config import ExperimentConfig
from runner.training.fabric import make_fabric

PROTOCOL = Protocol(epochs=5, batch=32, lr=0.05, select="validation")


def cloud(seed: int, spread: float = 0.05, count: int = 300) -> Labelled:
    """Three classes along three axes, with one constant feature."""
    y_N = torch.arange(count) % 3
    x_NF = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed)) * spread
    x_NF[:, 3] = 1.0
    return Labelled(x_NF + 5 * torch.eye(3, 4)[y_N], y_N)


def features(train: Labelled, test: Labelled | None) -> Features:
    return Features(("a", "b", "c"), train, hold_out(train.y_N), test, "fingerprint")


def swapped(part: Labelled) -> Labelled:
    return Labelled(part.x_NF, (part.y_N + 1) % 3)


def test_what_is_linear_is_learnt_and_measured_on_both_parts() -> None:
    result = probe_features(features(cloud(0), cloud(1)), PROTOCOL)
    assert result.validation is not None
    assert result.test is not None
    assert (result.validation.linear, result.validation.knn_200) == (1.0, 1.0)
    assert (result.test.linear_last, result.test.knn_200) == (1.0, 1.0)
    assert result.per_class == {"a": 1.0, "b": 1.0, "c": 1.0}
    assert result.confusion == ((100, 0, 0), (0, 100, 0), (0, 0, 100))


def test_rows_of_the_confusion_are_true_classes() -> None:
    result = probe_features(features(cloud(0), swapped(cloud(1))), PROTOCOL)
    assert result.test is not None
    assert result.test.linear_last == 0.0
    assert result.confusion == ((0, 0, 100), (100, 0, 0), (0, 100, 0))
    assert set(result.per_class.values()) == {0.0}


def test_a_sealed_test_set_changes_nothing_of_validation() -> None:
    train = cloud(0, spread=4)
    sealed, read = (probe_features(features(train, test), PROTOCOL) for test in (None, cloud(1)))
    assert sealed.test is None
    assert sealed.validation == read.validation
    assert sealed.to_json()["counted_on"] == "validation"
    assert sum(map(sum, sealed.confusion)) == len(sealed_validation(train))
    assert read.to_json()["counted_on"] == "test"


def sealed_validation(train: Labelled) -> torch.Tensor:
    return hold_out(train.y_N).validation_V


def test_the_best_epoch_is_chosen_where_the_protocol_says() -> None:
    """On noise no epoch is much better than another, and the two parts disagree on which is."""
    noise = features(cloud(0, spread=40), cloud(1, spread=40))
    own, peeking = (probe_features(noise, replace(PROTOCOL, epochs=30, select=part)) for part in ("validation", "test"))
    assert own.validation is not None
    assert own.test is not None
    assert peeking.test is not None
    assert own.test.best_epoch == own.validation.best_epoch
    assert own.test.linear_best <= peeking.test.linear_best
    assert own.test.best_epoch != peeking.test.best_epoch
    assert own.test.linear_last == peeking.test.linear_last


def test_without_a_class_that_has_an_image_to_spare_the_last_epoch_is_best() -> None:
    train = Labelled(*(part[:3] for part in (cloud(0).x_NF, cloud(0).y_N)))
    result = probe_features(features(train, cloud(1)), PROTOCOL)
    assert result.validation is None
    assert result.test is not None
    assert result.test.best_epoch == PROTOCOL.epochs
    with pytest.raises(InputError, match="nothing to measure a probe on") as refusal:
        probe_features(features(train, None), PROTOCOL)
    assert "--test-set read" in refusal.value.help


def test_a_class_without_images_has_no_accuracy() -> None:
    result = ProbeResult(None, None, ((3, 1), (0, 0)), ("seen", "unseen"), "")
    assert result.per_class == {"seen": 0.75, "unseen": None}


def test_a_probe_is_the_same_again_and_leaves_the_encoder(data: ImageData, config: ExperimentConfig) -> None:
    network = make_network(config, data.image_size)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(0)
    state = torch.random.get_rng_state()
    results = [probe_features(read_features(network.encoder, data, test=True), protocol_of(config)) for _ in range(2)]
    assert results[0] == results[1]
    assert results[0].test is not None
    assert 0.1 < results[0].test.linear_last < 1
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert network.encoder.training


def test_the_test_set_is_neither_monitored_nor_read_when_sealed(data: ImageData, config: ExperimentConfig) -> None:
    """It has images that would be noticed: none at all, and of another kind."""
    blind = replace(data, test=Split(torch.empty(0), torch.empty(0)))
    encoder, fabric, protocol = make_network(config, data.image_size).encoder, make_fabric(config), protocol_of(config)
    assert monitor_encoder(encoder, blind, fabric, protocol) == monitor_encoder(encoder, data, fabric, protocol)
    assert probe_features(read_features(encoder, blind, test=False), protocol).test is None


def test_the_part_used_for_monitoring_sees_every_class() -> None:
    y_N = torch.arange(1000) // 100
    few_N = thin_out(torch.arange(1000), 90)
    assert set(y_N[few_N].tolist()) == set(range(10))
    assert len(few_N) <= 90


@pytest.mark.parametrize(("device", "size", "expected"), [("cpu", 32, 128), ("cuda", 32, 1024), ("cuda", 224, 128)])
def test_a_gpu_encodes_more_images_together(device: str, size: int, expected: int) -> None:
    with FakeTensorMode():
        assert batch_for(torch.empty(2, 3, size, size, device=device, dtype=torch.uint8)) == expected
