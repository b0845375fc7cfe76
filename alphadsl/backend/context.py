"""What an index set needs of a batch besides its embeddings, as tensors in a fixed order: rows, ids, queue.

Rows are present where the positives of an anchor are treated separately; the ids are those that the index set compares.
"""

import torch
from torch import Tensor

from alphadsl.backend.runtime.pairs import ids_of, rows_of
from alphadsl.ir.arrangement import Arrangement
from alphadsl.ir.index_sets import VIEWS, Id

Tensors = tuple[Tensor, ...]


def context_of(arrangement: Arrangement, sample_N: Tensor, class_N: Tensor | None, queue: Tensors) -> Tensors:
    """The ids (E,) and the queue of a batch of whole views. Of the samples, only number and device are used; with
    labels, they are the samples of all processes."""
    queued = sum(map(len, queue))
    ids = [
        ids_of(id_tensor.kind, sample_N, class_N, id_tensor.views, queued if id_tensor.queue else 0)
        for id_tensor in arrangement.ids
    ]
    return *ids, *queue


def with_rows(arrangement: Arrangement, context: Tensors) -> Tensors:
    """The context with rows in front, one for each anchor and positive, of an index set with several positives;
    unchanged if it has them already."""
    queue = queue_in(arrangement, context)
    if len(context) > len(arrangement.ids) + len(queue):
        return context
    search = arrangement.search
    embeddings = len(context[0]) - sum(map(len, queue))
    key_E = torch.zeros_like(context[0]) if search.key is None else context[search.key]
    compared = [(context[place], differs) for place, differs in search.compared]
    first, stop = (view * embeddings // VIEWS for view in search.views)
    return *rows_of(key_E[:embeddings], compared, (first, stop)), *context


def ids_in(arrangement: Arrangement, context: Tensors) -> dict[Id, Tensor]:
    """The ids of anchors, or of all embeddings; they come after the rows and before the queue."""
    first = len(context) - len(queue_in(arrangement, context)) - len(arrangement.ids)
    named = zip(arrangement.ids, context[first:], strict=False)
    return {id_tensor.kind: id_E for id_tensor, id_E in reversed(list(named))}


def classes_in(arrangement: Arrangement, context: Tensors, samples: int) -> Tensor | None:
    """The class (N,) of each sample, or None without labels."""
    return ids_in(arrangement, context)[Id.CLASS][:samples] if arrangement.labels else None


def queue_in(arrangement: Arrangement, context: Tensors) -> Tensors:
    return context[-1:] if arrangement.queue else ()
