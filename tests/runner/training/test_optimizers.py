"""Optimizers follow their papers, learning rates their schedules, and every state resumes bit for bit."""

import numpy as np
import pytest
import torch

from alphadsl.report.exceptions import InputError
from runner.records.opening import IfExists
from runner.settings.resolving import make_config
from runner.training.checkpoint import load_checkpoint
from runner.training.lars import Lars
from runner.training.schedule import learning_rate
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE, StopsAt
from tests.runner.training.test_pretrain import CPU, assert_same_run, measurements


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_lars_is_algorithm_1_of_you_et_al(weight_decay: float, momentum: float) -> None:
    """Layer by layer in NumPy, with a rate that changes; a layer of zeros, or without slope, takes a plain step."""
    random = np.random.default_rng(0)
    layers = [random.normal(size=(3, 4)), random.normal(size=(2, 2)) * 100, np.zeros((2, 3)), random.normal(size=5)]
    weights = [torch.tensor(layer) for layer in layers]
    groups = [{"params": weights[:3], "weight_decay": weight_decay}, {"params": weights[3:], "adapted": False}]
    lars = Lars(groups, lr=0.0, momentum=momentum)
    velocities = [np.zeros_like(layer) for layer in layers]
    for step in range(4):
        slopes = [random.normal(size=layer.shape) for layer in layers]
        slopes[1] *= step != 1
        for place, (layer, slope) in enumerate(zip(layers, slopes, strict=True)):
            decay = weight_decay if place < 3 else 0.0
            size, steepness = np.sqrt((layer**2).sum()), np.sqrt((slope**2).sum())
            adapted = place < 3 and size > 0 and steepness > 0
            local = 1e-3 * size / (steepness + decay * size) if adapted else 1.0
            velocities[place] = momentum * velocities[place] + 0.1 * (step + 1) * local * (slope + decay * layer)
            layers[place] = layer - velocities[place]
            weights[place].grad = torch.tensor(slope)
        for group in lars.param_groups:
            group["lr"] = 0.1 * (step + 1)
        lars.step()
    for layer, weight in zip(layers, weights, strict=True):
        np.testing.assert_allclose(weight.numpy(), layer, rtol=1e-12)


@pytest.mark.parametrize(
    "settings",
    [{"optimizer": "sgd", "momentum": 0.5, "schedule": "constant"}, {"optimizer": "lars", "clip": 0.5, "lr": 1.0}],
    ids=lambda settings: settings["optimizer"],
)
def test_every_optimizer_resumes_to_the_bit(laboratory: Laboratory, settings: dict[str, object]) -> None:
    laboratory.config = laboratory.config.model_copy(update=settings | {"epochs": 2})
    straight = laboratory.train("straight", PlainInfoNCE())
    with pytest.raises(KeyboardInterrupt):
        laboratory.train("stopped", StopsAt(5, KeyboardInterrupt()))
    assert_same_run(straight, laboratory.train("stopped", PlainInfoNCE(), IfExists.RESUME))


def test_a_long_gradient_is_shortened_and_told_as_it_was(laboratory: Laboratory) -> None:
    """By plain SGD, whose step is the gradient times the rate."""
    settings = {"optimizer": "sgd", "momentum": 0.0, "schedule": "constant", "warmup_epochs": 0.0, "lr": 1.0}
    moved: dict[float, float] = {}
    told: dict[float, float] = {}
    for clip in (0.0, 1e-3, 1e3):
        update = settings | {"epochs": 1, "batch": 200, "clip": clip, "weight_decay": 0.0}
        laboratory.config = laboratory.config.model_copy(update=update | {"keep_last": 5})
        run = laboratory.train(f"clip{clip:g}", PlainInfoNCE())
        (row, _) = measurements(run)
        first, last = (load_checkpoint(path, CPU) for path in (run.earlier_checkpoint(0), run.checkpoint))
        weights = [name for name in first.network if not name.endswith(("running_mean", "running_var", "tracked"))]
        changes = [last.network[name] - first.network[name] for name in weights]
        changes += [last.loss[name] - first.loss[name] for name in first.loss]
        moved[clip], told[clip] = float(torch.nn.utils.get_total_norm(changes)), row["gradient"]
    assert told[0.0] == told[1e-3] == told[1e3] > 0.01
    assert moved[0.0] == moved[1e3] == pytest.approx(told[0.0], rel=1e-4)
    assert moved[1e-3] == pytest.approx(1e-3, rel=1e-2)


def test_the_authors_schedule_is_their_script_s() -> None:
    """torch's cosine with T_max = the steps of an epoch, stepped after each epoch from the eleventh on."""
    config = make_config("digits", schedule="authors", warmup_epochs=0, lr=0.5, epochs=40)
    sgd = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, T_max=8)
    for epoch in range(40):
        for step in range(8):
            assert learning_rate(8 * epoch + step, 8, config) == pytest.approx(cosine.get_last_lr()[0], abs=1e-9)
        sgd.step()
        if epoch >= 10:
            cosine.step()


def test_a_constant_rate_is_the_same_after_the_warm_up_whatever_the_epochs() -> None:
    short, long = (make_config("digits", schedule="constant", warmup_epochs=2, epochs=epochs) for epochs in (3, 300))
    rates = [learning_rate(step, 10, short) for step in range(30)]
    assert rates == [learning_rate(step, 10, long) for step in range(30)]
    assert rates[:20] == sorted(set(rates[:20]))
    assert set(rates[20:]) == {short.lr}


def test_momentum_without_an_optimizer_that_has_one_is_refused() -> None:
    with pytest.raises(InputError, match="no effect on adamw"):
        make_config("digits", momentum=0.5)
