"""A batch in chunks has the gradient of the whole batch, where samples do not see each other in the network; where they
do, or where random numbers are drawn, that of the chunks side by side in one graph."""

import copy
from collections.abc import Callable

import pytest
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from runner.network.models import SiameseNetwork
from runner.network.normalisation import statistics_divided, statistics_held
from runner.records.folder import RunFolder
from runner.training.cached import backpropagate_in_chunks
from runner.training.embedding import draw_views, embed
from runner.training.job import Job, TrainingState
from runner.training.pretrain import prepare
from runner.training.step import backpropagate
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE
from tests.runner.training.test_pretrain import measurements

INDICES_B = torch.arange(24)


def frozen(network: SiameseNetwork) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()


def absent(network: SiameseNetwork) -> None:
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                setattr(parent, name, nn.Identity())


def dropping(network: SiameseNetwork) -> None:
    network.encoder.pool.append(nn.Dropout(0.3))


def as_it_is(network: SiameseNetwork) -> None:
    """Batch norm in training mode."""


def started(laboratory: Laboratory, chunks: int, change: Callable[[SiameseNetwork], None]) -> tuple[Job, TrainingState]:
    """A job in float64, and its network before the first step."""
    config = laboratory.config.model_copy(update={"batch": 24, "cached_chunks": chunks})
    fabric = Fabric(accelerator="cpu", devices=1, precision="64-true")
    job = Job(PlainInfoNCE(), laboratory.data, config, RunFolder(laboratory.root / "none"), fabric)
    state = prepare(job)
    state.network.train()
    change(state.network)
    state.network.double()
    return job, state


def slopes(job: Job, state: TrainingState) -> list[Tensor]:
    weights = [*state.network.parameters(), *job.loss.parameters()]
    return [weight.grad for weight in weights if weight.grad is not None]


def side_by_side(job: Job, state: TrainingState) -> Tensor:
    """Every chunk with its graph, in one graph."""
    views = draw_views(job, state, INDICES_B)
    chunks = zip(*(view_BCHW.chunk(job.config.cached_chunks) for view_BCHW in views), strict=True)
    z_VBD = torch.cat([embed(state, *chunk) for chunk in chunks], dim=1)
    z0_BD, z1_BD = z_VBD
    loss = job.loss_of(z0_BD, z1_BD, INDICES_B)
    job.fabric.backward(loss)
    return loss.detach()


@pytest.mark.parametrize("chunks", [2, 3, 24])
@pytest.mark.parametrize("change", [frozen, absent])
def test_chunks_have_the_gradient_of_the_batch(
    laboratory: Laboratory, chunks: int, change: Callable[[SiameseNetwork], None]
) -> None:
    plain, whole = started(laboratory, 1, change)
    job, state = started(laboratory, chunks, change)
    assert float(backpropagate_in_chunks(job, state, INDICES_B)) == pytest.approx(
        float(backpropagate(plain, whole, INDICES_B)), rel=1e-12
    )
    torch.testing.assert_close(slopes(job, state), slopes(plain, whole), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("change", [as_it_is, dropping])
def test_chunks_have_the_gradient_of_chunks_side_by_side(
    laboratory: Laboratory, change: Callable[[SiameseNetwork], None]
) -> None:
    plain, whole = started(laboratory, 4, change)
    job, state = started(laboratory, 4, change)
    torch.manual_seed(3)
    expected = side_by_side(plain, whole)
    torch.manual_seed(3)
    torch.testing.assert_close(backpropagate_in_chunks(job, state, INDICES_B), expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(slopes(job, state), slopes(plain, whole), rtol=1e-9, atol=1e-12)


def test_running_statistics_see_every_chunk_once(laboratory: Laboratory) -> None:
    job, state = started(laboratory, 4, as_it_is)
    once = copy.deepcopy(state.network)
    chunks = zip(*(view_BCHW.double().chunk(4) for view_BCHW in draw_views(job, state, INDICES_B)), strict=True)
    with statistics_divided(once, 4):
        for chunk in chunks:
            once(torch.cat(chunk))
    backpropagate_in_chunks(job, state, INDICES_B)
    torch.testing.assert_close(dict(state.network.named_buffers()), dict(once.named_buffers()))
    assert all(layer.momentum == 0.1 for layer in once.modules() if isinstance(layer, nn.BatchNorm2d))


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0])
def test_divided_statistics_move_as_far_as_in_one_pass(momentum: float) -> None:
    whole = nn.BatchNorm1d(3, momentum=momentum).double()
    parts, held = copy.deepcopy(whole), copy.deepcopy(whole)
    x_BC = torch.randn(8, 3, dtype=torch.float64)
    expected = whole(x_BC)
    with statistics_divided(parts, 5):
        found = [parts(x_BC) for _ in range(5)]
    with statistics_held(held):
        found.append(held(x_BC))
    torch.testing.assert_close(parts.running_var, whole.running_var)
    torch.testing.assert_close(parts.running_mean, whole.running_mean)
    assert torch.equal(held.running_mean, torch.zeros(3))  # type: ignore[arg-type]
    for x_found in found:
        torch.testing.assert_close(x_found, expected)
    held(x_BC)
    assert not torch.equal(held.running_mean, torch.zeros(3))  # type: ignore[arg-type]


def test_a_run_in_chunks_trains(laboratory: Laboratory) -> None:
    laboratory.config = laboratory.config.model_copy(update={"cached_chunks": 4, "epochs": 2})
    losses = [row["loss"] for row in measurements(laboratory.train("run", PlainInfoNCE())) if "loss" in row]
    assert len(losses) == 6
    assert losses[-1] < losses[0]
