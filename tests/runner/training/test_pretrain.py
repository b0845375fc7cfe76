"""Pretraining: a resumed run is the run that never stopped; what is not finite stops it."""

import json

import pytest
import torch

from alphadsl.report.exceptions import InputError
from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from runner.training.checkpoint import load_checkpoint
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE, StopsAt

CPU = torch.device("cpu")
MEASURED = ("step", "epoch", "loss", "gradient", "lr", "knn")


def measurements(run: RunFolder) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    return [{name: row[name] for name in MEASURED if name in row} for row in rows]


def assert_same_run(one: RunFolder, other: RunFolder) -> None:
    assert measurements(one) == measurements(other)
    first, second = load_checkpoint(one.checkpoint, CPU), load_checkpoint(other.checkpoint, CPU)
    assert (first.epoch, first.step) == (second.epoch, second.step)
    for mine, its in ((first.network, second.network), (first.loss, second.loss)):
        assert mine.keys() == its.keys()
        assert all(torch.equal(mine[name], its[name]) for name in mine)


def test_training_changes_the_encoder_and_lowers_the_loss(laboratory: Laboratory) -> None:
    run = laboratory.train("straight", PlainInfoNCE())
    losses = [row["loss"] for row in measurements(run) if "loss" in row]
    assert len(losses) == 12
    assert sum(losses[-3:]) < sum(losses[:3])


def test_a_run_stopped_in_mid_epoch_resumes_bit_exactly(laboratory: Laboratory) -> None:
    straight = laboratory.train("straight", PlainInfoNCE())
    with pytest.raises(KeyboardInterrupt):
        laboratory.train("stopped", StopsAt(8, KeyboardInterrupt()))
    resumed = laboratory.train("stopped", PlainInfoNCE(), IfExists.RESUME)
    assert_same_run(straight, resumed)


def test_resuming_a_finished_run_does_nothing(laboratory: Laboratory) -> None:
    run = laboratory.train("straight", PlainInfoNCE())
    before = run.metrics.read_bytes()
    laboratory.train("straight", PlainInfoNCE(), IfExists.RESUME)
    assert run.metrics.read_bytes() == before


def test_a_run_that_ends_early_for_now_goes_on_as_if_it_never_stopped(laboratory: Laboratory) -> None:
    straight = laboratory.train("straight", PlainInfoNCE())
    for reached, stop_after in ((1, 1), (3, 3), (3, 2), (4, None)):
        run = laboratory.train("stages", PlainInfoNCE(), IfExists.RESUME, stop_after)
        assert load_checkpoint(run.checkpoint, CPU).epoch == reached
    assert_same_run(straight, run)


def test_seeds_differ(laboratory: Laboratory) -> None:
    first = laboratory.train("first", PlainInfoNCE())
    laboratory.config = laboratory.config.model_copy(update={"seed": 1})
    second = laboratory.train("second", PlainInfoNCE())
    assert measurements(first)[0]["loss"] != measurements(second)[0]["loss"]


def test_a_loss_that_is_not_finite_stops_the_run(laboratory: Laboratory) -> None:
    with pytest.raises(InputError) as refusal:
        laboratory.train("broken", StopsAt(5, float("nan")))
    path = laboratory.root / "broken"
    assert refusal.value.message == (f"The loss of infonce(tau = 0.2) in {path / 'spec.alpha'} is nan at step 5.")
    assert f"The last good checkpoint is {path / 'checkpoint.pt'}, of step 3" in refusal.value.help
    weights = load_checkpoint(path / "checkpoint.pt", CPU).network
    assert all(torch.isfinite(weight).all() for weight in weights.values())


def test_a_loss_that_is_not_finite_at_once_leaves_the_untrained_network(laboratory: Laboratory) -> None:
    with pytest.raises(InputError) as refusal:
        laboratory.train("broken", StopsAt(1, float("inf")))
    assert "of step 0" in refusal.value.help


def test_a_damaged_checkpoint_is_refused_by_name(laboratory: Laboratory) -> None:
    run = laboratory.train("straight", PlainInfoNCE())
    run.checkpoint.write_bytes(run.checkpoint.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"checkpoint\.pt cannot be used"):
        laboratory.train("straight", PlainInfoNCE(), IfExists.RESUME)


class Noting(PlainInfoNCE):
    """InfoNCE that keeps the embeddings it was last given."""

    def forward(self, z0_ND: torch.Tensor, z1_ND: torch.Tensor) -> torch.Tensor:
        self.z_VND = torch.stack([z0_ND, z1_ND]).detach()
        return super().forward(z0_ND, z1_ND)


MOMENTS = {"adamw": {"step", "exp_avg", "exp_avg_sq"}, "sgd": {"momentum_buffer"}, "lars": {"momentum_buffer"}}


@pytest.mark.parametrize("optimizer", MOMENTS)
@pytest.mark.parametrize("precision", ["bf16", "32"])
def test_every_optimizer_and_precision_trains(laboratory: Laboratory, optimizer: str, precision: str) -> None:
    """With that optimizer, and with embeddings of that precision, however wide the tensors that bring them."""
    settings = {"optimizer": optimizer, "precision": precision, "epochs": 1, "lr": 0.1}
    laboratory.config = laboratory.config.model_copy(update=settings)
    loss = Noting()
    run = laboratory.train("run", loss)
    assert [row["step"] for row in measurements(run)] == [1, 2, 3, 3]
    states = load_checkpoint(run.checkpoint, CPU).optimizer["state"].values()
    assert states
    assert all(set(state) == MOMENTS[optimizer] for state in states)
    assert torch.equal(loss.z_VND, loss.z_VND.bfloat16().to(loss.z_VND.dtype)) == (precision == "bf16")


def test_an_optimizer_steps_as_torch_does(laboratory: Laboratory) -> None:
    """Plain SGD with Nesterov's momentum on the loss's own parameter, which does not decay."""
    laboratory.config = laboratory.config.model_copy(update={"optimizer": "sgd", "epochs": 1, "lr": 0.1})
    slopes: list[float] = []
    loss = PlainInfoNCE()
    loss.log_scale.register_hook(lambda slope: slopes.append(float(slope)))
    run = laboratory.train("run", loss)
    rates = [row["lr"] for row in measurements(run) if "lr" in row]
    value, momentum = 0.0, 0.0
    for rate, slope in zip(rates, slopes, strict=True):
        momentum = 0.9 * momentum + slope
        value -= rate * (slope + 0.9 * momentum)
    assert value != 0
    assert float(load_checkpoint(run.checkpoint, CPU).loss["log_scale"]) == pytest.approx(value, rel=1e-5)
