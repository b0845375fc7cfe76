"""The inputs of the loss: embeddings from the network and its branches come in; the loss of the batch comes out.

Without branches the loss gets the two views of a sample. Otherwise each view is the query for the key of the other
view, and the loss is the mean over both directions. With a queue, whose anchors are those of view 0, there is one
direction.
"""

import torch
import torch.distributed
from torch import Tensor

from runner.network.normalisation import statistics_held
from runner.settings.processes import world_size
from runner.training.embedding import Views, embed, make_views, part_of
from runner.training.job import Job, TrainingState
from runner.training.schedule import queue_stream

# V views, B batch, b samples of this process, D embedding width, K processes, Q keys of a queue


def queried(state: TrainingState, views: Views) -> Views:
    """The views that go through the network: only the first with both a queue and a momentum encoder, otherwise all."""
    one_way = state.branches.queue_QD is not None and state.branches.encoder is not None
    return views[:1] if one_way else views


def embed_keys(job: Job, state: TrainingState, views: Views) -> Tensor | None:
    """Keys (V, b, D) of the momentum encoder, which is updated first; None if there is none."""
    state.branches.follow(state.network)
    if state.branches.encoder is None:
        return None
    keyed = views if state.branches.queue_QD is None else views[1:]
    chunks = zip(*(view_bCHW.chunk(job.config.cached_chunks) for view_bCHW in keyed), strict=True)
    return torch.cat([_keys_of(job, state, chunk) for chunk in chunks], dim=1)


def objective(job: Job, state: TrainingState, z_VbD: Tensor, keys_VbD: Tensor | None, indices_B: Tensor) -> Tensor:
    """The loss of the batch, from embeddings (V, b, D) and, if there is a momentum encoder, its keys (V, b, D)."""
    branches, mine_b = state.branches, part_of(indices_B)
    if branches.are_none:
        return job.loss_of(z_VbD[0], z_VbD[1], mine_b)
    q_VbD = z_VbD if state.predict is None else state.predict(z_VbD.flatten(0, 1)).view_as(z_VbD)
    own_VbD = z_VbD.detach() if branches.stopped else z_VbD
    k_VbD = own_VbD if keys_VbD is None else keys_VbD
    if branches.queue_QD is not None:
        return job.loss(q_VbD[0], k_VbD[-1], queue=branches.queue_QD)
    there, back = job.loss_of(q_VbD[0], k_VbD[1], mine_b), job.loss_of(q_VbD[1], k_VbD[0], mine_b)
    return (there + back) / 2


def remember(state: TrainingState, z_VbD: Tensor, keys_VbD: Tensor | None) -> None:
    """Put the keys of this batch, from all processes, into the queue."""
    if state.branches.queue_QD is not None:
        keys_bD = (z_VbD if keys_VbD is None else keys_VbD)[-1].detach()
        state.branches.enqueue(_of_all(keys_bD), state.step)


def fill_queue(job: Job, state: TrainingState) -> None:
    """Fill the queue with keys of as many images as it is long, made by the initial encoder: what the queue would hold
    if that encoder had been in use for a while. Random directions would be trivial to tell from keys."""
    queue_QD = state.branches.queue_QD
    if queue_QD is None:
        return
    order = torch.randperm(len(job.images_NCHW), generator=queue_stream(job.config.seed, 0))[: len(queue_QD)]
    parts = order.to(job.fabric.device).tensor_split(max(1, len(queue_QD) // job.config.batch))
    state.network.train()
    with statistics_held(state.network), statistics_held(state.branches):
        keys = [
            _keys_of(job, state, make_views(job, indices, queue_stream(job.config.seed, index))[:1])[0]
            for index, indices in enumerate(parts, start=1)
        ]
    queue_QD.copy_(torch.cat(keys))


@torch.no_grad()
def _keys_of(job: Job, state: TrainingState, views: Views) -> Tensor:
    """Embeddings (V, b, D) of the momentum encoder, or of the network itself if there is none."""
    encoder = state.branches.encoder
    if encoder is None:
        return embed(state, *views)
    x_BCHW = torch.cat(views).to(next(encoder.parameters()).dtype)
    with job.fabric.autocast():
        z_BD: Tensor = encoder(x_BCHW)
    wide_BD = z_BD.float() if z_BD.dtype in (torch.bfloat16, torch.float16) else z_BD
    return torch.stack(wide_BD.chunk(len(views)))


def _of_all(part_bD: Tensor) -> Tensor:
    """The rows of all n processes (B, D), in the order of the batch, of which each process has every n-th."""
    if world_size() == 1:
        return part_bD
    parts_KbD = [torch.empty_like(part_bD) for _ in range(world_size())]
    torch.distributed.all_gather(parts_KbD, part_bD.contiguous())
    return torch.stack(parts_KbD, dim=1).flatten(0, 1)
