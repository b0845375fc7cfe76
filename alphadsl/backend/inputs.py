"""The arguments of a loss: embeddings, labels and queue come in; they come out checked, in the form that a step takes.

A tensor of the wrong shape, kind or device is refused with one line that names it; so is a tensor that the index set of
the loss does not use, or a missing one that it needs. Legend: V 2 views, N samples, D embedding width, Q rows of a
queue.
"""

import warnings
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from alphadsl.backend.context import context_of
from alphadsl.backend.runtime.pairs import classes
from alphadsl.backend.runtime.simplex import on_host
from alphadsl.backend.runtime.step import unit_rows, widened
from alphadsl.backend.streaming.distributed import LABELS, exchange
from alphadsl.backend.torch_internals import is_batched
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Space
from alphadsl.report.exceptions import InputError


@dataclass(frozen=True)
class Inputs:
    """Embeddings z_VND with gradient, and the other tensors of the index set without; the number of pairs of anchors
    (rows, if an anchor has several positives) and candidates; whether any anchor has a negative; and whether several
    processes share the batch."""

    z_VND: Tensor
    context: tuple[Tensor, ...]
    pairs: int
    negatives: bool
    shared: bool

    def wide(self, closely: bool) -> "Inputs":
        """In float64 where a loss looks closely at small distances: products of float32 rows have no digits left
        there."""
        return replace(self, z_VND=self.z_VND.double()) if closely else self


def check_inputs(loss: Core, z0_ND: object, z1_ND: object, labels: object, queue: object, shared: bool) -> Inputs:
    """The tensors of one call, checked. Raises `InputError`.

    Where several processes share the batch, the labels are those of all processes.
    """
    z_VND = torch.stack(_check_views(z0_ND, z1_ND))
    arrangement = loss.arrangement
    absent = ([] if arrangement.labels else [("labels", labels)]) + ([] if arrangement.queue else [("queue", queue)])
    _check_absent(loss, dict(absent))
    queues = (_check_queue(loss, queue, z_VND),) if arrangement.queue else ()
    class_N = _check_classes(loss, labels, z_VND, shared) if arrangement.labels else None
    samples, queued = z_VND.shape[1] if class_N is None else len(class_N), sum(map(len, queues))
    context = context_of(arrangement, z_VND[0] if class_N is None else class_N, class_N, queues)
    inputs = Inputs(z_VND, context, arrangement.pairs(samples, queued), True, shared)
    if class_N is not None and arrangement.needs_classes:
        return replace(inputs, negatives=_differ(class_N))
    return replace(inputs, negatives=queued > 0 or samples > 1 or (shared and class_N is None))


def _check_classes(loss: Core, labels: object, z_VND: Tensor, shared: bool) -> Tensor:
    label_N = _check_labels(loss, labels, z_VND)
    return classes(exchange(z_VND, lambda ranks: ranks.whole(label_N), LABELS) if shared else label_N)


def _differ(class_N: Tensor) -> bool:
    """Whether there are several classes. Assumed on a device, where looking would have to wait for it."""
    return not on_host(class_N) or bool((class_N != class_N[0]).any())


def _check_views(z0_ND: object, z1_ND: object) -> list[Tensor]:
    views = [_check_embeddings(name, z_ND) for name, z_ND in (("z0", z0_ND), ("z1", z1_ND))]
    z0, z1 = views
    if z0.shape != z1.shape or z0.dtype != z1.dtype or z0.device != z1.device:
        described = (f"{tuple(z.shape)} {z.dtype} on {z.device}" for z in views)
        raise InputError("z0 and z1 must be two views of one batch, but are " + " and ".join(described), "")
    return views


def _check_embeddings(name: str, z: object) -> Tensor:
    if not isinstance(z, Tensor) or not z.is_floating_point():
        raise InputError(f"{name} must be a floating-point tensor of embeddings, not {_described(z)}", "")
    if z.ndim != 2 or 0 in z.shape:
        raise InputError(f"{name} must have the shape (N, D), not {tuple(z.shape)}", "")
    return z


def _check_queue(loss: Core, queue: object, z_VND: Tensor) -> Tensor:
    """The queue's rows (Q, D), placed in the space of the loss; they receive no gradient. Raises `InputError`."""
    if queue is None:
        raise InputError(f"{loss.name} takes its negatives from a queue, and none was given", "loss(z0, z1, queue=q)")
    queue_QD = _check_embeddings("queue", queue)
    if queue_QD.shape[1] != z_VND.shape[2] or queue_QD.device != z_VND.device:
        given = f"{tuple(queue_QD.shape)} on {queue_QD.device}"
        raise InputError(f"queue must be (Q, {z_VND.shape[2]}) on {z_VND.device}, as the embeddings, not {given}", "")
    if queue_QD.requires_grad and torch.is_grad_enabled():
        warning = f"{loss.name}: a queue receives no gradient, and this one requires one; pass queue.detach()"
        warnings.warn(warning, stacklevel=7)
    wide_QD = widened(queue_QD.detach()).to(torch.float64 if loss.near else widened(z_VND[:0]).dtype)
    return unit_rows(wide_QD)[0] if loss.space == Space.SPHERE else wide_QD


def _check_labels(loss: Core, labels: object, z_VND: Tensor) -> Tensor:
    samples = z_VND.shape[1]
    if labels is None:
        raise InputError(f"{loss.name} takes its positives from labels, and none were given", "loss(z0, z1, labels=y)")
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.is_complex():
        raise InputError(f"labels must be a tensor of integers, not {_described(labels)}", "")
    if is_batched(labels):
        raise InputError("torch.func.vmap cannot take a loss over batches of different labels", "call it for each")
    if labels.shape != (samples,) or labels.device != z_VND.device:
        given = f"{tuple(labels.shape)} on {labels.device}"
        raise InputError(f"labels must be ({samples},) on {z_VND.device}, one for each sample, not {given}", "")
    return labels.to(torch.int64)


def _check_absent(loss: Core, given: dict[str, object]) -> None:
    for name, tensor in given.items():
        if tensor is not None:
            raise InputError(f"{loss.name} has pairs {loss.pairs.name}, which take no {name}", f"leave {name} out")


def _described(value: object) -> str:
    return f"a {value.dtype} tensor" if isinstance(value, Tensor) else f"a {type(value).__name__}"
