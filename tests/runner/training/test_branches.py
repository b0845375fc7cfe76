"""Queues, momentum encoders, predictors and stopped gradients: a step is the one written out from the papers; a run
that is stopped goes on to the bit; what has no effect is refused."""

import copy
from typing import Any

import pytest
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

import alphadsl
from alphadsl.report.exceptions import InputError
from runner.contract import check_trainable
from runner.evaluation.frozen import evaluating
from runner.network.branches import Branches
from runner.network.models import make_network
from runner.plan import plan_runs
from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from runner.settings.resolving import make_config
from runner.training.checkpoint import load_checkpoint
from runner.training.embedding import draw_views, make_views
from runner.training.job import Job, TrainingState
from runner.training.observing import batch_statistics
from runner.training.optimizers import make_optimizer
from runner.training.pretrain import prepare
from runner.training.schedule import learning_rate, statistics_stream
from runner.training.step import choose_backpropagation, train_step
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE
from tests.runner.training.shared import exact
from tests.runner.training.test_living_losses import MOCO, StoppedLoss, trained
from tests.runner.training.test_pretrain import CPU, measurements

TAU, STEPS, BATCH = 0.2, 4, 24
IMAGES = torch.arange(STEPS * BATCH).view(STEPS, BATCH)


def started(laboratory: Laboratory, name: str, **settings: Any) -> tuple[Job, TrainingState]:
    """A job in float64, and its state before the first step."""
    config = laboratory.config.model_copy(update={"batch": BATCH, "optimizer": "sgd", "lr": 0.1} | settings)
    fabric = exact(Fabric(accelerator="cpu", devices=1, precision="64-true"))
    loss = alphadsl.load(name, compile=False, tau=TAU)
    job = Job(loss, laboratory.data, config, RunFolder(laboratory.root / "none"), fabric)
    state = prepare(job)
    state.network.double().train()
    state.branches.double()
    return job, state


def info_nce(query_BD: Tensor, key_BD: Tensor, negatives: list[Tensor]) -> Tensor:
    """tau log(1 + sum of exp((s_negative - s_positive) / tau)), mean over the queries."""
    query_BD, key_BD = functional.normalize(query_BD), functional.normalize(key_BD)
    sums = []
    for index, (q_D, k_D) in enumerate(zip(query_BD, key_BD, strict=True)):
        others = [functional.normalize(part, dim=1) for part in negatives[index : index + 1] or negatives]
        cosines = torch.cat([part @ q_D for part in others])
        sums.append(TAU * torch.log1p(((cosines - q_D @ k_D) / TAU).exp().sum()))
    return torch.stack(sums).mean()


def test_moco_is_the_loop_of_its_paper(laboratory: Laboratory) -> None:
    """Key encoder first moved, then used; oldest keys overwritten; the queue is that of the steps before."""
    job, state = started(laboratory, "moco", queue=60, momentum_encoder=0.9)
    network, encoder = copy.deepcopy(state.network), copy.deepcopy(state.network)
    optimizer = make_optimizer(network, job.loss, job.config)
    assert state.branches.queue_QD is not None
    queue_QD = state.branches.queue_QD.clone()
    backpropagation, place = choose_backpropagation(job), 0
    for step, indices_B in enumerate(IMAGES):
        for old, new in zip(encoder.parameters(), network.parameters(), strict=True):
            old.data = 0.9 * old.data + 0.1 * new.data
        x0_BCHW, x1_BCHW = (view.double() for view in draw_views(job, state, indices_B))
        with torch.no_grad():
            keys_BD = encoder(x1_BCHW)
        loss = info_nce(network(x0_BCHW), keys_BD, [queue_QD] * BATCH)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, job.epoch_steps, job.config)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        for key_D in keys_BD:
            queue_QD[place % 60], place = key_D, place + 1
        found = train_step(job, state, indices_B, backpropagation)
        state.step += 1
        torch.testing.assert_close(found.loss, loss.detach(), rtol=1e-9, atol=0)
        torch.testing.assert_close(state.branches.queue_QD, queue_QD, rtol=1e-9, atol=1e-12)
    assert state.branches.encoder is not None
    for mine, its in ((state.network, network), (state.branches.encoder, encoder)):
        torch.testing.assert_close(mine.state_dict(), its.state_dict(), rtol=1e-9, atol=1e-12)


HEADS: list[dict[str, Any]] = [
    {"predictor": "mlp"},
    {"stop_gradient": True},
    {"predictor": "mlp", "stop_gradient": True},
    {"momentum_encoder": 0.5},
    {"predictor": "mlp", "momentum_encoder": 0.5},
]


@pytest.mark.parametrize("chunks", [1, 4])
@pytest.mark.parametrize("head", HEADS, ids=str)
def test_a_step_with_two_branches_is_the_one_written_out(
    laboratory: Laboratory, head: dict[str, Any], chunks: int
) -> None:
    """Half of (query 0, key 1) and half of (query 1, key 0); in chunks too, with batch norm frozen in the network."""
    job, state = started(laboratory, "infonce", cached_chunks=chunks, **head)
    state.network.eval()
    plain = copy.deepcopy(state.network)
    predictor = copy.deepcopy(state.branches.predictor) or nn.Identity()
    views = [view.double() for view in draw_views(job, state, IMAGES[0])]
    if state.branches.encoder is not None:
        state.branches.encoder.eval()
        nn.init.constant_(state.branches.encoder.projector[-1].bias, 0.5)
    keys_of = plain
    if state.branches.encoder is not None:
        keys_of = copy.deepcopy(state.branches.encoder)
        for old, new in zip(keys_of.parameters(), plain.parameters(), strict=True):
            old.data = (old.data + new.data) / 2
    z_VBD = torch.stack([plain(view) for view in views])
    k_VBD = z_VBD if keys_of is plain else torch.stack([keys_of(view) for view in views])
    if set(head) & {"stop_gradient", "momentum_encoder"}:
        k_VBD = k_VBD.detach()
    q_VBD = predictor(z_VBD.flatten(0, 1)).view_as(z_VBD)
    expected = (job.loss(q_VBD[0], k_VBD[1]) + job.loss(q_VBD[1], k_VBD[0])) / 2
    expected.backward()
    found = choose_backpropagation(job)(job, state, IMAGES[0])
    torch.testing.assert_close(found, expected.detach(), rtol=1e-9, atol=0)
    pairs = [(state.network, plain), *([(state.branches.predictor, predictor)] if state.branches.predictor else [])]
    for mine, its in pairs:
        for (name, weight), other in zip(mine.named_parameters(), its.parameters(), strict=True):  # type: ignore[union-attr]
            torch.testing.assert_close(weight.grad, other.grad, rtol=1e-8, atol=1e-12, msg=name)


def test_a_queue_without_a_momentum_encoder_holds_keys_of_the_network(laboratory: Laboratory) -> None:
    job, state = started(laboratory, "moco", queue=48, momentum_encoder=0.0)
    network, queue_QD = copy.deepcopy(state.network), state.branches.queue_QD
    assert queue_QD is not None
    before_QD = queue_QD.clone()
    x0_BCHW, x1_BCHW = (view.double() for view in draw_views(job, state, IMAGES[0]))
    z0_BD, z1_BD = network(torch.cat([x0_BCHW, x1_BCHW])).chunk(2)
    expected = info_nce(z0_BD, z1_BD, [before_QD] * BATCH)
    found = choose_backpropagation(job)(job, state, IMAGES[0])
    torch.testing.assert_close(found, expected.detach(), rtol=1e-9, atol=0)
    torch.testing.assert_close(queue_QD, torch.cat([z1_BD.detach(), before_QD[BATCH:]]), rtol=1e-9, atol=1e-12)


def test_a_first_queue_holds_keys_of_different_images(laboratory: Laboratory) -> None:
    """So that the first loss is that of a queue from the untrained encoder, and running statistics have not moved."""
    job, state = started(laboratory, "moco", queue=100)
    assert state.branches.queue_QD is not None
    keys_QD = functional.normalize(state.branches.queue_QD)
    assert len(keys_QD.round(decimals=6).unique(dim=0)) == 100
    fresh = make_network(job.config, job.data.image_size)
    for name, buffer in state.network.named_buffers():
        torch.testing.assert_close(buffer, fresh.state_dict()[name], check_dtype=False)


@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_a_queue_has_statistics_of_its_negatives(laboratory: Laboratory, momentum: float) -> None:
    """Entropy and effective number of the softmax over the queue, and beta with the key of the other view."""
    job, state = started(laboratory, "moco", queue=60, momentum_encoder=momentum)
    network, branches = state.network.float(), state.branches.float()
    assert branches.queue_QD is not None
    keys = network if branches.encoder is None else branches.encoder
    with torch.no_grad():
        for weight in branches.parameters():
            weight.mul_(1.1)
    told = batch_statistics(job, state)
    chosen, stream = torch.arange(BATCH) * len(job.images_NCHW) // BATCH, statistics_stream()
    x0_NCHW, x1_NCHW = make_views(job, chosen, stream)
    with torch.no_grad(), evaluating(network), evaluating(keys):
        q_ND, k_ND = functional.normalize(network(x0_NCHW)), functional.normalize(keys(x1_NCHW))
    cosine_NQ = (q_ND @ functional.normalize(branches.queue_QD).T).double()
    share_NQ = torch.softmax(cosine_NQ / TAU, dim=1)
    entropy_N = -(share_NQ * share_NQ.log()).sum(1)
    ratio_N = ((cosine_NQ - (q_ND * k_ND).sum(1, keepdim=True)) / TAU).exp().sum(1)
    assert told["alpha/entropy"] == pytest.approx(float(entropy_N.mean()), rel=1e-4)
    assert told["alpha/effective_negatives"] == pytest.approx(float(entropy_N.exp().mean()), rel=1e-4)
    assert told["alpha/beta"] == pytest.approx(float((ratio_N / (1 + ratio_N)).mean()), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("head", [{}, {"predictor": "mlp", "queue": 128}], ids=str)
def test_a_stopped_run_with_a_queue_goes_on_to_the_bit(laboratory: Laboratory, head: dict[str, Any]) -> None:
    laboratory.config = laboratory.config.model_copy(update=head)
    straight = trained(laboratory, "straight", alphadsl.loads(MOCO))
    with pytest.raises(KeyboardInterrupt):
        trained(laboratory, "stopped", StoppedLoss(alphadsl.loads(MOCO), 8))
    resumed = trained(laboratory, "stopped", alphadsl.loads(MOCO), IfExists.RESUME)
    assert measurements(resumed) == measurements(straight)
    first, second = (load_checkpoint(run.checkpoint, CPU) for run in (straight, resumed))
    assert {"queue_QD", "encoder.projector.3.weight"} <= first.branches.keys()
    for mine, its in ((first.network, second.network), (first.branches, second.branches)):
        assert mine.keys() == its.keys()
        assert all(torch.equal(mine[name], its[name]) for name in mine)


def test_a_queue_that_is_no_multiple_of_a_batch_turns_over() -> None:
    config = make_config("digits", projector_dim=2, queue=5, momentum_encoder=0, width=2)
    branches = Branches(make_network(config, 8), config)
    for batch in range(4):
        branches.enqueue(torch.full((3, 2), float(batch)), batch)
    assert branches.queue_QD is not None
    assert branches.queue_QD[:, 0].tolist() == [3.0, 3.0, 2.0, 2.0, 3.0]


def test_what_has_no_effect_is_refused(laboratory: Laboratory) -> None:
    config = make_config("digits", queue=512)
    losses = [alphadsl.load("infonce"), alphadsl.load("moco")]
    assert len(plan_runs(losses, [config], laboratory.root, None, {})) == 2
    with pytest.raises(InputError, match="queue = 512 has no effect"):
        plan_runs(losses[:1], [config], laboratory.root, None, {})
    with pytest.raises(InputError, match="stop_gradient has nothing to stop"):
        make_config("digits", stop_gradient=True, momentum_encoder=0.9)
    both = PlainInfoNCE()
    both.takes = frozenset({"labels", "queue"})
    with pytest.raises(InputError, match="takes labels and a queue"):
        check_trainable(both)
