"""Configurations: defaults by data set, and refusals of one line."""

import pytest
import torch

from alphadsl.report.exceptions import InputError
from runner.settings.config import DATASETS
from runner.settings.resolving import make_config
from runner.training.schedule import epoch_batches, learning_rate


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_data_set_has_valid_defaults(dataset: str) -> None:
    assert make_config(dataset).dataset == dataset


def test_overrides_that_are_none_leave_the_default() -> None:
    assert make_config("digits", epochs=None, lr=0.5) == make_config("digits", lr=0.5)


@pytest.mark.parametrize(
    ("dataset", "overrides", "named"),
    [
        ("imagenet", {}, "dataset = 'imagenet'"),
        ("digits", {"epochs": -1}, "epochs = -1"),
        ("digits", {"lr": float("nan")}, "lr = nan"),
        ("digits", {"lr": 0}, "lr = 0"),
        ("digits", {"batch": 1}, "batch = 1"),
        ("digits", {"encoder": "vit"}, "encoder = 'vit'"),
        ("digits", {"encoder": "resnet9", "width": 2}, "encoder = 'resnet9'"),
        ("imagenet", {"encoder": "resnet8", "data_dir": "data"}, "dataset = 'imagenet'"),
        ("digits", {"device": "tpu"}, "device = 'tpu'"),
        ("digits", {"seed": 2**31}, "seed = 2147483648"),
        ("digits", {"seed": -1}, "seed = -1"),
        ("digits", {"lr": float("inf")}, "lr = inf"),
        ("digits", {"width": 0}, "width = 0"),
        ("digits", {"threads": 0}, "threads = 0"),
        ("digits", {"batch": 2**63}, "batch = 9223372036854775808"),
        ("digits", {"epochs": 10**30}, "epochs = 1000000000000000000000000000000"),
        ("digits", {"warmup_epochs": 1e400}, "warmup_epochs = inf"),
        ("digits", {"image_size": 4}, "image_size = 4"),
        ("digits", {"data_dir": "data"}, "not from a folder"),
        ("digits", {"batch": 100, "cached_chunks": 3}, "100 does not divide into 3 equal chunks"),
        ("digits", {"batch": 8, "cached_chunks": 16}, "8 does not divide into 16 equal chunks"),
        ("digits", {"colour": 3}, "colour = 3"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(dataset: str, overrides: dict[str, object], named: str) -> None:
    with pytest.raises(InputError) as refusal:
        make_config(dataset, **overrides)
    assert named in refusal.value.message
    assert "\n" not in refusal.value.message


def test_the_learning_rate_warms_up_and_falls_to_nothing() -> None:
    config = make_config("digits", epochs=10, warmup_epochs=2, lr=1.0)
    rates = [learning_rate(step, 10, config) for step in range(100)]
    assert rates[:20] == sorted(rates[:20])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[20] == 1.0
    assert 0 < rates[-1] < 0.01


def test_an_epoch_shows_every_image_at_most_once_in_its_own_order() -> None:
    config = make_config("digits", batch=30)
    first, again, second = (
        [index for batch in epoch_batches(100, epoch, config, torch.device("cpu")) for index in batch.tolist()]
        for epoch in (0, 0, 1)
    )
    assert len(set(first)) == len(first) == 90
    assert first == again
    assert first != second


def test_without_shuffling_every_epoch_is_in_the_order_of_the_data() -> None:
    config = make_config("digits", batch=30, shuffle=False)
    for epoch, done in ((0, 0), (7, 0), (7, 1)):
        batches = epoch_batches(100, epoch, config, torch.device("cpu"), done)
        assert torch.cat([*batches]).tolist() == [*range(30 * done, 90)]
