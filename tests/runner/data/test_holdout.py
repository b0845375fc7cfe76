"""Images held out of a training set: a part of every class, the same whoever asks, and never learnt with labels."""

import pytest
import torch

from runner.data.splits import ImageData, Split, hold_out
from runner.training.fabric import make_fabric
from runner.training.job import Job
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE

SIZES = {"CIFAR-10": [5000] * 10, "few": [2, 3, 15, 4], "one of a class": [1, 30, 1], "none": []}


@pytest.mark.parametrize("counts", SIZES.values(), ids=SIZES)
def test_a_tenth_of_every_class_is_held_out(counts: list[int]) -> None:
    y_N = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts, dtype=torch.long))
    holdout = hold_out(y_N)
    held = torch.bincount(y_N[holdout.validation_V], minlength=len(counts)).tolist()
    assert held == [0 if count == 1 else max(1, round(count / 10)) for count in counts]
    together = torch.cat([holdout.kept_K, holdout.validation_V]).sort().values
    assert torch.equal(together, torch.arange(len(y_N)))


def test_the_choice_is_that_of_the_labels_alone() -> None:
    """The first images of CIFAR-10's size: another choice would make earlier validation accuracies another number."""
    y_N = torch.arange(50_000) % 10
    torch.manual_seed(1)
    first = hold_out(y_N).validation_V
    torch.manual_seed(2)
    assert torch.equal(first, hold_out(y_N).validation_V)
    assert first[:6].tolist() == [3, 15, 16, 39, 67, 75]


def test_losses_with_labels_learn_none_of_those_held_out(laboratory: Laboratory) -> None:
    data = laboratory.data
    loss = PlainInfoNCE()
    fabric = make_fabric(laboratory.config)
    job = Job(loss, data, laboratory.config, None, fabric)  # type: ignore[arg-type]
    assert torch.equal(job.images_NCHW, data.pretrain_NCHW)
    loss.takes = frozenset({"labels"})
    assert torch.equal(job.images_NCHW, data.train.x_NCHW[data.holdout.kept_K])
    assert len(job.images_NCHW) + len(data.holdout.validation_V) == len(data.train.y_N)


def test_what_is_held_out_is_told() -> None:
    train = Split(torch.zeros(20, 3, 8, 8, dtype=torch.uint8), torch.arange(20) % 2)
    told = ImageData(("a", "b"), train.x_NCHW, train, train).describe()[0]
    assert told.endswith("20 in 2 classes to probe on, of which 2 are held out for validation, and 20 to test on")
