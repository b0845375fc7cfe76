"""Numbers of steps are looked at now and then, and nothing is lost by it: the same rows, the same weights, and the
first step that is not finite by its name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import format_stack
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

import alphadsl
from runner.data import views
from runner.data.splits import ImageData, Split
from runner.network.branches import Branches
from runner.network.models import Encoder, SiameseNetwork, make_projector
from runner.records.folder import RunFolder
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import make_config
from runner.training.averaging import Itself
from runner.training.checkpoint import load_checkpoint
from runner.training.finite import DivergedError
from runner.training.job import Job, TrainingState
from runner.training.optimizers import make_optimizer
from runner.training.schedule import epoch_batches
from runner.training.step import choose_backpropagation, train_step
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE, StopsAt
from tests.runner.training.test_pretrain import CPU, assert_same_run, measurements


@pytest.mark.slow
@pytest.mark.parametrize("every", [2, 1000])
def test_every_step_has_its_row_however_seldom_they_are_read(laboratory: Laboratory, every: int) -> None:
    each = laboratory.train("each", PlainInfoNCE())
    laboratory.config = laboratory.config.model_copy(update={"log_every": every})
    seldom = laboratory.train("seldom", PlainInfoNCE())
    assert len(measurements(each)) == 12 + 4
    assert_same_run(each, seldom)


class Raising(StopsAt):
    """A loss that refuses embeddings that are no numbers, as one that solves for something may."""

    def forward(self, z0_ND: torch.Tensor, z1_ND: torch.Tensor) -> torch.Tensor:
        if not torch.isfinite(z0_ND).all():
            raise ArithmeticError("no numbers")
        return super().forward(z0_ND, z1_ND)


@pytest.mark.parametrize(
    ("loss", "value", "step"), [(StopsAt, float("nan"), 4), (StopsAt, float("-inf"), 6), (Raising, float("inf"), 4)]
)
def test_the_first_step_that_is_not_finite_is_told(
    laboratory: Laboratory, loss: type[StopsAt], value: float, step: int
) -> None:
    laboratory.config = laboratory.config.model_copy(update={"log_every": 50, "epochs": 3})
    with pytest.raises(DivergedError) as refusal:
        laboratory.train("broken", loss(step, value))
    assert refusal.value.message.endswith(f"is {value} at step {step}.")
    checkpoint = load_checkpoint(laboratory.root / "broken" / "checkpoint.pt", CPU)
    assert checkpoint.epoch == 1
    states = (checkpoint.network, checkpoint.loss, *checkpoint.optimizer["state"].values())
    assert all(torch.isfinite(tensor).all() for state in states for tensor in state.values())


class Waits(TorchDispatchMode):
    """Counts the operations at which the host waits for a device."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "equal", "is_nonzero"):
            self.seen.append(name)
        outcome = func(*args, **(kwargs or {}))
        if name == "_to_copy" and args[0].device != outcome.device and not (kwargs or {}).get("non_blocking"):
            self.seen.append(f"copy from {args[0].device} to {outcome.device}\n{''.join(format_stack(limit=12))}")
        return outcome


@contextmanager
def on_fake_cuda() -> Iterator[None]:
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield


def fake_job(config: ExperimentConfig) -> Job:
    device = torch.device("cuda")
    x_NCHW = torch.empty(64, 3, 8, 8, dtype=torch.uint8, device=device)
    split = Split(x_NCHW, torch.empty(64, dtype=torch.int64, device=device))
    data = ImageData(("a", "b"), x_NCHW, split, split)
    fabric: Any = SimpleNamespace(device=device)
    return Job(alphadsl.load("infonce", compile=False), data, config, RunFolder(Path("none")), fabric)


def slopes_from_nowhere(network: torch.nn.Module) -> Callable[[torch.Tensor], None]:
    """A backward pass without autograd's engine, which asks the driver of a GPU for its threads."""

    def backward(loss: torch.Tensor) -> None:
        assert loss.requires_grad
        for weight in network.parameters():
            weight.grad = torch.empty_like(weight)

    return backward


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "lars"])
def test_a_step_waits_for_no_device(optimizer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On tensors that only say that they are on a GPU; which samples are blurred is drawn on the CPU, whose tensors say
    no more here, and memory cannot be pinned."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    monkeypatch.setattr(views, "_draw_blur", lambda *given: (torch.arange(4), torch.ones(4)))
    config = make_config("digits", width=2, projector_dim=4, batch=16, optimizer=optimizer, clip=0.5, device="cpu")
    with on_fake_cuda():
        job = fake_job(config)
        with torch.device("cuda"):
            encoder = Encoder(config.encoder, config.width, 8)
            network = SiameseNetwork(encoder, make_projector(encoder.features, config))
        job.fabric.backward = slopes_from_nowhere(network)  # type: ignore[method-assign]
        optimizer_of = make_optimizer(network, job.loss, config)
        state = TrainingState(network, network, optimizer_of, Branches(network, job.decided), Itself())
        first_B, *others_B = epoch_batches(64, 0, config, job.fabric.device)
        train_step(job, state, first_B, choose_backpropagation(job))  # brings the parameters of the loss to the device
        for indices_B in others_B:
            with Waits() as waits:
                result = train_step(job, state, indices_B, choose_backpropagation(job))
            assert waits.seen == []
            assert result.loss.device.type == result.gradient.device.type == "cuda"
        with Waits() as waits, suppress(RuntimeError):
            result.loss.item()
        assert waits.seen  # what is counted is seen
