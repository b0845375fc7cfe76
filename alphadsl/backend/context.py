"""What an index set needs of a batch besides its embeddings, as tensors in a fixed order: rows, marks, queue.

Rows are there where the positives of an anchor stand apart; the marks are those that the set compares.
"""

import torch
from torch import Tensor

from alphadsl.backend.runtime.pairs import marks_of, rows_of
from alphadsl.ir.arrangement import Arrangement
from alphadsl.ir.index_sets import VIEWS, Mark

Tensors = tuple[Tensor, ...]


def context_of(arrangement: Arrangement, sample_N: Tensor, class_N: Tensor | None, queue: Tensors) -> Tensors:
    """The marks and the queue of a batch of whole views, (E,) each; of samples their number and device are looked at,
    which are those of all processes where labels are."""
    queued = sum(map(len, queue))
    marks = [
        marks_of(marked.mark, sample_N, class_N, marked.views, queued if marked.queue else 0)
        for marked in arrangement.marks
    ]
    return *marks, *queue


def with_rows(arrangement: Arrangement, context: Tensors) -> Tensors:
    """The context of a set of several positives with a row for each anchor and positive in front, unless there are."""
    queue = queue_in(arrangement, context)
    if len(context) > len(arrangement.marks) + len(queue):
        return context
    search = arrangement.search
    embeddings = len(context[0]) - sum(map(len, queue))
    key_E = torch.zeros_like(context[0]) if search.key is None else context[search.key]
    compared = [(context[place], differs) for place, differs in search.compared]
    first, stop = (view * embeddings // VIEWS for view in search.views)
    return *rows_of(key_E[:embeddings], compared, (first, stop)), *context


def marks_in(arrangement: Arrangement, context: Tensors) -> dict[Mark, Tensor]:
    """The marks of anchors, or of all embeddings; they stand behind rows, and before a queue."""
    first = len(context) - len(queue_in(arrangement, context)) - len(arrangement.marks)
    marked = zip(arrangement.marks, context[first:], strict=False)
    return {marked.mark: mark for marked, mark in reversed(list(marked))}


def classes_in(arrangement: Arrangement, context: Tensors, samples: int) -> Tensor | None:
    """The class of each sample."""
    return marks_in(arrangement, context)[Mark.CLASS][:samples] if arrangement.labels else None


def queue_in(arrangement: Arrangement, context: Tensors) -> Tensors:
    return context[-1:] if arrangement.queue else ()
