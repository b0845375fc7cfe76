"""The gradient of a batch that does not fit in memory: embeddings first, then their gradients, chunk by chunk.

A contrastive loss needs all embeddings of a batch at once, but not all activations (Gao et al. 2021, arXiv 2101.06983).
So all chunks are embedded without a graph. The loss gives the gradient of each embedding. Then each chunk is embedded
again, with a graph, and its gradients are backpropagated through it. This takes the memory of one chunk and the time of
one more forward pass. Both passes see the same input: views are drawn once, and random numbers, as for dropout, are
replayed.

Where samples do not interact in the network, this is the gradient of the whole batch. Batch norm normalises each chunk
by itself, in both passes alike, and updates its running statistics only in the second pass.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import get_device_states, set_device_states

from runner.network.normalisation import statistics_divided, statistics_held
from runner.training.embedding import draw_views, embed
from runner.training.job import Job, TrainingState
from runner.training.objective import embed_keys, objective, queried, remember

# V views (2), B batch, b samples of a chunk, C colours (3), H height, W width, D embedding width


def backpropagate_in_chunks(job: Job, state: TrainingState, indices_B: Tensor) -> Tensor:
    """Backpropagate a batch in as many chunks as the configuration says; a `Backpropagation`. Returns the loss."""
    count = job.config.cached_chunks
    views = draw_views(job, state, indices_B)
    keys_VBD = embed_keys(job, state, views)
    chunks = list(zip(*(view_BCHW.chunk(count) for view_BCHW in queried(state, views)), strict=True))
    replays, parts = [], []
    with torch.no_grad(), statistics_held(state.network):
        for chunk in chunks:
            replays.append(note_random_state(chunk[0]))
            parts.append(embed(state, *chunk))
    z_VBD = torch.cat(parts, dim=1).requires_grad_()
    loss = objective(job, state, z_VBD, keys_VBD, indices_B)
    job.fabric.backward(loss)
    assert z_VBD.grad is not None
    gradients = z_VBD.grad.chunk(count, dim=1)
    with statistics_divided(state.network, count):
        for index, (chunk, gradient_VbD, replay) in enumerate(zip(chunks, gradients, replays, strict=True), start=1):
            replay()
            with job.fabric.no_backward_sync(state.embed, enabled=index < count):
                job.fabric.backward(embed(state, *chunk), gradient_VbD)
    remember(state, z_VBD, keys_VBD)
    return loss.detach()


def note_random_state(x_BCHW: Tensor) -> Callable[[], None]:
    """A function that resets the random state of the CPU and of the tensor's device to what it is now."""
    cpu = torch.get_rng_state()
    devices, states = get_device_states(x_BCHW)

    def replay() -> None:
        torch.set_rng_state(cpu)
        set_device_states(devices, states, device_type=x_BCHW.device.type)

    return replay
