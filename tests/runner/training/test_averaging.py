"""Averages of weights: what is measured is the average, what is trained stays, and a run resumes bit for bit."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.data.views import RECIPES, make_view
from runner.network.models import SiameseNetwork
from runner.network.soundness import sound_network
from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from runner.settings.resolving import Given, make_config, resolve_config
from runner.training import step as stepping
from runner.training.checkpoint import Checkpoint, load_checkpoint
from runner.training.fabric import make_fabric
from runner.training.job import Job, TrainingState
from runner.training.observing import observe
from runner.training.optimizers import check_installed
from runner.training.trained import load_trained
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE, StopsAt
from tests.runner.training.test_pretrain import CPU, assert_same_run

FREE: dict[str, object] = {"schedule": "constant"}
KINDS: dict[str, dict[str, object]] = {
    "ema": {"ema": 0.5},
    "ema of sgd": {"ema": 0.9, "optimizer": "sgd"},
    "schedule-free-adamw": {"optimizer": "schedule-free-adamw", **FREE},
    "schedule-free-sgd": {"optimizer": "schedule-free-sgd", **FREE},
}


@pytest.fixture(params=KINDS)
def averaging(request: pytest.FixtureRequest, laboratory: Laboratory) -> Laboratory:
    laboratory.config = laboratory.config.model_copy(update=KINDS[request.param] | {"epochs": 2})
    return laboratory


def last_of(run: RunFolder) -> Checkpoint:
    return load_checkpoint(run.checkpoint, CPU)


@pytest.mark.slow
def test_a_run_that_was_stopped_resumes_to_the_bit(averaging: Laboratory) -> None:
    straight = averaging.train("straight", PlainInfoNCE())
    with pytest.raises(KeyboardInterrupt):
        averaging.train("stopped", StopsAt(5, KeyboardInterrupt()))
    resumed = averaging.train("stopped", PlainInfoNCE(), IfExists.RESUME)
    assert_same_run(straight, resumed)
    for name, value in last_of(straight).averaged.items():
        assert torch.equal(value, last_of(resumed).averaged[name]), name


@pytest.mark.slow
def test_the_average_is_measured_and_what_is_trained_is_not_touched(
    averaging: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of an epoch has features of the average; a run that nobody looks at has the same weights."""
    run = averaging.train("watched", PlainInfoNCE())
    trained = load_trained(run, averaging.config, 8, make_fabric(averaging.config))
    checkpoint = trained.checkpoint
    assert not same(checkpoint.averaged, checkpoint.network)
    assert same(trained.network.state_dict(), checkpoint.averaged)
    seen: list[dict[str, Tensor]] = []

    def noting(job: Job, state: TrainingState) -> dict[str, float]:
        before = copy.deepcopy([state.network.state_dict(), state.optimizer.state_dict()])
        told = observe(job, state)
        assert repr(before) == repr([state.network.state_dict(), state.optimizer.state_dict()])
        seen.append(copy.deepcopy(state.averaging.read(job, state).state_dict()))
        return told

    monkeypatch.setattr("runner.training.pretrain.observe", noting)
    again = averaging.train("again", PlainInfoNCE())
    assert same(seen[-1], last_of(again).averaged)
    monkeypatch.setattr("runner.training.pretrain.observe", lambda job, state: {})
    assert same(last_of(averaging.train("alone", PlainInfoNCE())).network, checkpoint.network)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def steps_of(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Tensor]]:
    """The network after each step of a run."""
    after: list[dict[str, Tensor]] = []

    def noting(job: Job, state: TrainingState, *rest: Any) -> Any:
        result = stepping.train_step(job, state, *rest)
        after.append({name: value.double().clone() for name, value in state.network.state_dict().items()})
        return result

    monkeypatch.setattr("runner.training.pretrain.train_step", noting)
    return after


def test_a_moving_average_is_the_sum_of_the_weights_after_each_step(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float64, of weights and running statistics alike."""
    decay = 0.75
    laboratory.config = laboratory.config.model_copy(update={"ema": decay, "epochs": 2})
    after = steps_of(laboratory, monkeypatch)
    averaged = last_of(laboratory.train("run", PlainInfoNCE())).averaged
    last = len(after) - 1
    shares = [decay**last, *((1 - decay) * decay ** (last - step) for step in range(1, last + 1))]
    for name, value in averaged.items():
        if value.is_floating_point():
            expected = sum(share * weights[name] for share, weights in zip(shares, after, strict=True))
            torch.testing.assert_close(value.double(), expected, rtol=1e-5, atol=1e-6)


def test_a_schedule_free_average_is_the_papers(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of SGD: x is the mean of all z, weighted by the squared rate, and y = (1 - momentum) z + momentum x."""
    laboratory.config = laboratory.config.model_copy(update=KINDS["schedule-free-sgd"] | {"epochs": 2})
    points: list[dict[str, Tensor]] = []
    rates: list[float] = []

    def noting(job: Job, state: TrainingState, *rest: Any) -> Any:
        result = stepping.train_step(job, state, *rest)
        named = dict(state.network.named_parameters())
        points.append({name: state.optimizer.state[weight]["z"].double() for name, weight in named.items()})
        rates.append(result.rate)
        return result

    monkeypatch.setattr("runner.training.pretrain.train_step", noting)
    checkpoint = last_of(laboratory.train("run", PlainInfoNCE()))
    largest = [max(rates[: step + 1]) ** 2 for step in range(len(rates))]
    for name in points[0]:
        mean = sum(share * point[name] for share, point in zip(largest, points, strict=True)) / sum(largest)
        torch.testing.assert_close(checkpoint.averaged[name].double(), mean, rtol=1e-4, atol=1e-5)


def test_running_statistics_of_a_schedule_free_average_are_its_own(laboratory: Laboratory) -> None:
    """Normalised by them, what a batch norm sees has mean 0 and variance 1 at the average, and not by those of y."""
    laboratory.config = laboratory.config.model_copy(update=KINDS["schedule-free-sgd"] | {"epochs": 2, "lr": 0.1})
    run = laboratory.train("run", PlainInfoNCE())
    checkpoint = last_of(run)

    def off(state: dict[str, Any]) -> float:
        network = sound_network(laboratory.config, 8, make_fabric(laboratory.config))
        network.load_state_dict(state)
        stream = torch.Generator().manual_seed(7)
        views = [make_view(laboratory.data.pretrain_NCHW, RECIPES["digits"], stream) for _ in range(20)]
        return offset_of(network, torch.cat(views))

    borrowed = {name: checkpoint.network[name] if "running" in name else it for name, it in checkpoint.averaged.items()}
    assert off(checkpoint.averaged) < 0.5 * off(borrowed)


def offset_of(network: SiameseNetwork, x_NCHW: Tensor) -> float:
    """How far the first layer's outputs are from mean 0 behind its batch norm, in its own units."""
    convolution, norm = network.encoder.stem[0], network.encoder.stem[1]
    with torch.no_grad():
        y_NCHW = convolution(x_NCHW)
    spread_C = norm.running_var.sqrt()
    return float(((y_NCHW.mean((0, 2, 3)) - norm.running_mean) / spread_C).abs().max())


@pytest.mark.parametrize(
    ("given", "message", "remedy"),
    [
        ({"optimizer": "schedule-free-adamw", "schedule": "cosine"}, "cosine is given", "Leave out --schedule"),
        ({"optimizer": "schedule-free-sgd", "schedule": "authors"}, "authors is given", "Leave out --schedule"),
        ({"optimizer": "schedule-free-sgd", "ema": 0.9}, "has no effect", "Leave out --ema"),
        ({"optimizer": "schedule-free-adamw", "momentum": 0.5}, "no effect on schedule-free-adamw", "Give --optimizer"),
        ({"optimizer": "schedule-free-sgd", "momentum": 0.0}, "momentum above 0", "Give --momentum 0.9"),
        ({"ema": 1.0}, "ema = 1.0 is refused", "See"),
    ],
)
def test_what_would_have_no_effect_is_refused(given: dict[str, object], message: str, remedy: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        resolve_config(Given(given))
    assert refusal.value.help.startswith(remedy)


def test_a_schedule_free_optimizer_has_no_schedule_by_default() -> None:
    assert make_config("digits", optimizer="schedule-free-adamw").schedule == "constant"
    assert make_config("digits").schedule == "cosine"


def test_an_optimizer_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alphadsl.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"schedule-free-sgd needs packages .* pip install 'alphadsl\[schedulefree\]'"):
        check_installed(make_config("digits", optimizer="schedule-free-sgd"))
    check_installed(make_config("digits"))
