"""Contrastive pretraining: a loss, images and a configuration come in, a trained network comes out.

One loop, read top to bottom. Precision and device are Fabric's business. Refused: more than one process, since the
loss would see the negatives of its own process only; a loss or a gradient that is not finite, with the step, the spec
and the last good checkpoint named.
"""

import math
import time
from dataclasses import dataclass

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder
from runner.contract import CompiledLoss, describe_loss
from runner.data.splits import ImageData
from runner.data.views import RECIPES, make_view
from runner.evaluation.probe import monitor_encoder
from runner.network.models import SiameseNetwork
from runner.network.soundness import sound_network
from runner.progress import Progress
from runner.records.folder import RunFolder
from runner.records.metrics import MetricsLog
from runner.records.opening import note_environment
from runner.records.record import check_whose, read_record
from runner.settings.config import ExperimentConfig
from runner.settings.machine import limit_threads
from runner.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, taken_from
from runner.training.schedule import epoch_batches, learning_rate, steps_per_epoch, view_stream

# N images, B batch, D embedding width


class DivergedError(InputError):
    """A loss or its gradient that is no longer finite."""


@dataclass(frozen=True, eq=False)
class Job:
    """What one run of pretraining is given."""

    loss: CompiledLoss
    data: ImageData
    config: ExperimentConfig
    run: RunFolder
    fabric: Fabric

    @property
    def images_NCHW(self) -> Tensor:
        """Without labels, all images there are; a loss that takes labels sees the labelled ones."""
        return self.data.train.x_NCHW if "labels" in self.loss.takes else self.data.pretrain_NCHW

    @property
    def epoch_steps(self) -> int:
        return steps_per_epoch(len(self.images_NCHW), self.config)

    @property
    def steps(self) -> int:
        return self.config.epochs * self.epoch_steps

    def loss_of(self, z0_BD: Tensor, z1_BD: Tensor, indices_B: Tensor) -> Tensor:
        if "labels" in self.loss.takes:
            return self.loss(z0_BD, z1_BD, labels=self.data.train.y_N[indices_B.to(z0_BD.device)])
        return self.loss(z0_BD, z1_BD)


@dataclass
class TrainingState:
    """What changes during a run, and nothing else."""

    network: SiameseNetwork
    embed: nn.Module
    """The network behind Fabric's precision."""
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    metrics_bytes: int = 0
    record: str = ""
    """Whose checkpoints these are."""


def pretrain(job: Job) -> SiameseNetwork:
    """Train from the last checkpoint of the run, or from the start; the network after the last epoch.

    Raises `DivergedError` where the loss or its gradient is not finite, and `InputError` for a checkpoint that is
    damaged or another's.
    """
    state = prepare(job)
    if state.epoch == job.config.epochs > 0:
        return state.network
    note_environment(job.run, job.config)
    state.record = read_record(job.run).model_dump_json()
    with (
        limit_threads(job.config.threads),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
        MetricsLog(job.run.metrics, state.metrics_bytes, state.step) as log,
        Progress(job.run.path.name, state.step, job.steps, job.config) as progress,
    ):
        if job.config.epochs == 0:
            keep(job, state, log)  # the untrained network is what there is to probe
        while state.epoch < job.config.epochs:
            started = time.perf_counter()
            train_epoch(job, state, log, progress)
            trained = time.perf_counter() - started
            state.epoch += 1
            state.seconds += trained
            knn = monitor_encoder(state.network.encoder, job.data, job.fabric) if job.data.labelled else None
            speed = job.epoch_steps * job.config.batch / trained
            row = {"step": state.step, "epoch": state.epoch, "images_per_second": speed}
            row |= {} if knn is None else {"knn": knn}
            living = {f"loss/{name}": job.loss.values[name] for name in job.loss.living}
            log.write(row | {"seconds": state.seconds} | living)
            progress.tell_epoch(state.epoch, knn, speed)
            keep(job, state, log)
    return state.network


def train_epoch(job: Job, state: TrainingState, log: MetricsLog, progress: Progress) -> None:
    state.network.train()
    for indices_B in epoch_batches(len(job.images_NCHW), state.epoch, job.config):
        rate = learning_rate(state.step, job.epoch_steps, job.config)
        loss, gradient = train_step(job, state, indices_B, rate)
        state.step += 1
        epoch = state.epoch + 1
        log.write({"step": state.step, "epoch": epoch, "loss": loss, "gradient": gradient, "lr": rate})
        progress.advance(loss)


def train_step(job: Job, state: TrainingState, indices_B: Tensor, rate: float) -> tuple[float, float]:
    """One step of the optimizer; the loss and the norm of its gradient, both finite."""
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    job.loss.at(state.step / max(1, job.steps - 1))
    z0_BD, z1_BD = embed_views(job, state, indices_B)
    loss = job.loss_of(z0_BD, z1_BD, indices_B)
    check_finite(job, state, "loss", loss.item())
    state.optimizer.zero_grad()
    job.fabric.backward(loss)
    gradients = [p.grad for g in state.optimizer.param_groups for p in g["params"] if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients).item()
    check_finite(job, state, "norm of the gradient", norm)
    state.optimizer.step()
    return loss.item(), norm


def embed_views(job: Job, state: TrainingState, indices_B: Tensor) -> tuple[Tensor, Tensor]:
    """Two views of each image through the network in one batch, so that batch norm sees both."""
    x_BCHW = job.images_NCHW[indices_B.to(job.fabric.device)]
    stream, recipe = view_stream(job.config.seed, state.step), RECIPES[job.config.dataset]
    views = torch.cat([make_view(x_BCHW, recipe, stream) for _ in range(2)])
    z0_BD, z1_BD = state.embed(views).chunk(2)
    return z0_BD, z1_BD


def check_finite(job: Job, state: TrainingState, what: str, value: float) -> None:
    if math.isfinite(value):
        return
    good = "No checkpoint was written yet"
    if state.epoch > 0:
        good = f"The last good checkpoint is {job.run.checkpoint}, of epoch {state.epoch}"
    raise DivergedError(
        f"The {what} of {describe_loss(job.loss)} in {job.run.spec} is {value} at step {state.step + 1}.",
        f"{good}; try a larger temperature or a smaller --lr.",
    )


def prepare(job: Job) -> TrainingState:
    """Network and optimizer on the device, at the last checkpoint where there is one."""
    network = sound_network(job.config, job.data.image_size, job.fabric)
    if job.config.compile is True:
        network.encoder.compile()
    embed, optimizer = job.fabric.setup(network, make_optimizer(network, job.loss, job.config))
    state = TrainingState(network, embed, optimizer)
    if job.run.checkpoint.exists():
        restore(job, state)
    return state


def make_optimizer(network: nn.Module, loss: CompiledLoss, config: ExperimentConfig) -> torch.optim.Optimizer:
    """Weights decay; biases, batch norm and the loss's own parameters do not."""
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": [*others, *loss.parameters()], "weight_decay": 0.0},
    ]
    match config.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, lr=config.lr, fused=True)
        case "sgd":
            return torch.optim.SGD(groups, lr=config.lr, momentum=0.9, nesterov=True)


def keep(job: Job, state: TrainingState, log: MetricsLog) -> None:
    state.metrics_bytes = log.flush()
    checkpoint = Checkpoint(
        epoch=state.epoch,
        step=state.step,
        seconds=state.seconds,
        metrics_bytes=state.metrics_bytes,
        network=state.network.state_dict(),
        loss=job.loss.state_dict(),
        optimizer=state.optimizer.state_dict(),
        record=state.record,
    )
    if job.config.keep_every and state.epoch % job.config.keep_every == 0:
        make_folder(job.run.kept_checkpoint(state.epoch).parent)
        save_checkpoint(job.run.kept_checkpoint(state.epoch), checkpoint)  # first: a kill between them is made good
    save_checkpoint(job.run.checkpoint, checkpoint)


def restore(job: Job, state: TrainingState) -> None:
    checkpoint = load_checkpoint(job.run.checkpoint, job.fabric.device)
    check_whose(job.run, checkpoint.record)
    with taken_from(job.run.checkpoint):
        state.network.load_state_dict(checkpoint.network)
        job.loss.load_state_dict(checkpoint.loss)
        state.optimizer.load_state_dict(checkpoint.optimizer)
    state.epoch, state.step = checkpoint.epoch, checkpoint.step
    state.seconds, state.metrics_bytes = checkpoint.seconds, checkpoint.metrics_bytes
