"""One step of the optimizer: the indices of a batch on the device come in; the weights are updated.

The gradient of a batch is computed by one function, a `Backpropagation`. Another way to compute it (in chunks, with a
second encoder) is another such function, and the rest of a step stays as it is.
"""

from typing import Protocol

import torch
from torch import Tensor

from runner.training.cached import backpropagate_in_chunks
from runner.training.embedding import draw_views, embed
from runner.training.job import Job, TrainingState
from runner.training.objective import embed_keys, objective, queried, remember
from runner.training.readings import StepResult
from runner.training.schedule import learning_rate

# V views, B batch, b samples of this process, D embedding width


class Backpropagation(Protocol):
    """Adds the gradient of the loss of a batch to every parameter's `grad`, and returns the loss, detached."""

    def __call__(self, job: Job, state: TrainingState, indices_B: Tensor) -> Tensor: ...


def choose_backpropagation(job: Job) -> Backpropagation:
    """The way to compute the gradient that the configuration asks for."""
    return backpropagate if job.config.cached_chunks == 1 else backpropagate_in_chunks


def train_step(job: Job, state: TrainingState, indices_B: Tensor, backpropagation: Backpropagation) -> StepResult:
    """Take one step of the optimizer. No number is read here, so that a GPU is never waited for."""
    rate = learning_rate(state.step, job.epoch_steps, job.config)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    job.loss.at(state.step / max(1, job.steps - 1))
    state.optimizer.zero_grad()
    loss = backpropagation(job, state, indices_B)
    parameters = [weight for group in state.optimizer.param_groups for weight in group["params"]]
    norm = torch.nn.utils.get_total_norm([weight.grad for weight in parameters if weight.grad is not None])
    if job.config.clip:
        torch.nn.utils.clip_grads_with_norm_(parameters, job.config.clip, norm)
    state.optimizer.step()
    state.averaging.follow(state)
    return StepResult(loss, norm, rate)


def backpropagate(job: Job, state: TrainingState, indices_B: Tensor) -> Tensor:
    """Backpropagate the whole batch at once; a `Backpropagation`."""
    views = draw_views(job, state, indices_B)
    keys_VbD = embed_keys(job, state, views)
    z_VbD = embed(state, *queried(state, views))
    loss = objective(job, state, z_VbD, keys_VbD, indices_B)
    job.fabric.backward(loss)
    remember(state, z_VbD, keys_VbD)
    return loss.detach()
