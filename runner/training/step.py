"""One step of the optimizer: a batch of indices comes in, moved weights come out.

How the gradient of a batch is computed is one function, `Backpropagation`, so that another way to it (in chunks, with
a second encoder) is another function and the rest of a step stays as it is.
"""

from typing import Protocol

import torch
from torch import Tensor

from runner.data.views import RECIPES, make_view
from runner.training.finite import check_finite
from runner.training.job import Job, TrainingState
from runner.training.schedule import learning_rate, view_stream

# B batch, C colours (3), H height, W width, D embedding width


class Backpropagation(Protocol):
    """Adds the gradient of the loss of a batch to every parameter's `grad`, and returns the loss, detached."""

    def __call__(self, job: Job, state: TrainingState, indices_B: Tensor) -> Tensor: ...


def choose_backpropagation(job: Job) -> Backpropagation:
    """The way to the gradient that the configuration asks for."""
    return backpropagate


def train_step(
    job: Job, state: TrainingState, indices_B: Tensor, backpropagation: Backpropagation
) -> tuple[float, float, float]:
    """One step of the optimizer; the loss and the norm of its gradient, both finite, and the learning rate."""
    rate = learning_rate(state.step, job.epoch_steps, job.config)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    job.loss.at(state.step / max(1, job.steps - 1))
    state.optimizer.zero_grad()
    loss = backpropagation(job, state, indices_B).item()
    check_finite(job, state, "loss", loss)
    gradients = [p.grad for g in state.optimizer.param_groups for p in g["params"] if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients).item()
    check_finite(job, state, "norm of the gradient", norm)
    state.optimizer.step()
    return loss, norm, rate


def backpropagate(job: Job, state: TrainingState, indices_B: Tensor) -> Tensor:
    """The whole batch at once."""
    z0_BD, z1_BD = embed_views(job, state, indices_B)
    loss = job.loss_of(z0_BD, z1_BD, indices_B)
    job.fabric.backward(loss)
    return loss.detach()


def embed_views(job: Job, state: TrainingState, indices_B: Tensor) -> tuple[Tensor, Tensor]:
    """Two views of each image through the network in one batch, so that batch norm sees both."""
    x_BCHW = job.images_NCHW[indices_B.to(job.fabric.device)]
    stream, recipe = view_stream(job.config.seed, state.step), RECIPES[job.config.dataset]
    views = torch.cat([make_view(x_BCHW, recipe, stream) for _ in range(2)])
    z0_BD, z1_BD = state.embed(views).chunk(2)
    return z0_BD, z1_BD
