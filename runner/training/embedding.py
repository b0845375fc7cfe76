"""Images as a loss sees them: indices of a batch come in; two views of each image and their embeddings come out."""

import torch
from torch import Tensor

from runner.data.views import Share, make_view, recipe_of
from runner.settings.processes import rank, world_size
from runner.training.job import Job, TrainingState
from runner.training.schedule import view_stream

# V views (2), B batch, b samples of this process, C colours (3), H height, W width, D embedding width

Views = tuple[Tensor, ...]


def part_of(batch_BX: Tensor) -> Tensor:
    """This process's share of a batch: every n-th sample of n processes, so that the chunks of a share are the shares
    of the batch's chunks."""
    return batch_BX[rank() :: world_size()]


def draw_views(job: Job, state: TrainingState, indices_B: Tensor) -> Views:
    """Two views of each image of this process (b, C, H, W): a pure function of the seed and the step, and the same for
    any number of processes that share the batch."""
    share = Share(len(indices_B), rank(), world_size()) if world_size() > 1 else None
    return make_views(job, part_of(indices_B), view_stream(job.config.seed, state.step), share)


def make_views(job: Job, indices_B: Tensor, stream: torch.Generator, share: Share | None = None) -> Views:
    """Two views of each image of a batch (B, C, H, W), or of a share of one."""
    x_BCHW, recipe = job.images_NCHW[indices_B], recipe_of(job.config)
    return make_view(x_BCHW, recipe, stream, share), make_view(x_BCHW, recipe, stream, share)


def embed(state: TrainingState, *views_BCHW: Tensor) -> Tensor:
    """Embeddings (V, B, D) of views that go through the network as one batch, so that batch norm sees them all."""
    z_VBD: Tensor = state.embed(torch.cat(views_BCHW)).unflatten(0, (len(views_BCHW), -1))
    return z_VBD
