"""What a loss takes besides two views: its name and the views in, labels or a queue out, the same for the same shape.

Also where losses live: those that normalise nothing, and those whose anchors are of one view only. Nothing is refused.

Shape suffixes: N samples, D embedding width, Q rows of the queue.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from tests.oracles.batch import NOTHING, Context

QUEUE = 7
EUCLIDEAN = ("cauchy", "n_pairs", "spectral")
ONE_SIDED = ("moco",)
LABELLED = ("eps_supinfonce", "supcon")


def some_labels(z_ND: Tensor) -> Context:
    """Two classes or more, some of them of several samples where there are enough."""
    return {"labels": torch.arange(len(z_ND)) % max(2, len(z_ND) // 2)}


def own_labels(z_ND: Tensor) -> Context:
    """Every sample has its own class."""
    return {"labels": torch.arange(len(z_ND))}


def some_queue(z_ND: Tensor) -> Context:
    """Past keys, of lengths other than one, in the number type of the views."""
    rng = torch.Generator().manual_seed(QUEUE)
    return {"queue": torch.randn(QUEUE, z_ND.shape[1], generator=rng, dtype=torch.float64).to(z_ND.dtype)}


CONTEXTS: dict[str, Callable[[Tensor], Context]] = {
    **dict.fromkeys(LABELLED, some_labels),
    **dict.fromkeys(ONE_SIDED, some_queue),
}


def context_of(name: str, z_ND: Tensor) -> Context:
    return CONTEXTS[name](z_ND) if name in CONTEXTS else NOTHING


def as_dtype(context: Context, dtype: torch.dtype) -> Context:
    """A queue in another number type; labels stay integers."""
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in context.items()}
