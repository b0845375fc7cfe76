"""Batch norm where a batch takes several forward passes, or is spread over several processes: a network comes in; the
statistics that it normalises by, and its running statistics, become those of one pass in one process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn
from torch.nn import functional

from alphadsl.report.exceptions import InputError

# B batch, C channels, X all other axes (height and width), P processes

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.SyncBatchNorm

PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
"""The layers that are a batch norm and nothing more."""


@contextmanager
def statistics_held(network: nn.Module) -> Iterator[None]:
    """Keep running statistics unchanged inside the block. Layers in training mode still normalise by their batch."""
    layers = [layer for layer in network.modules() if isinstance(layer, BatchNorm) and layer.training]
    tracking = [layer.track_running_stats for layer in layers]
    try:
        for layer in layers:
            layer.track_running_stats = False
        yield
    finally:
        for layer, tracks in zip(layers, tracking, strict=True):
            layer.track_running_stats = tracks


@contextmanager
def statistics_divided(network: nn.Module, passes: int) -> Iterator[None]:
    """Inside the block, `passes` forward passes together move running statistics as far as one pass does outside.

    With momentum m one pass keeps 1 - m of them; passes that keep (1 - m)^(1/passes) each keep as much together.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, BatchNorm) and layer.momentum is not None]
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 1 - (1 - (layer.momentum or 0.0)) ** (1 / passes)
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm, (B, C, ...) in and out, over the batches of all processes, which have the same size.

    It is `nn.SyncBatchNorm`, which torch has for GPUs only.
    """

    def forward(self, x_BCX: Tensor) -> Tensor:
        if not self.training or not torch.distributed.is_initialized():
            alone_BCX: Tensor = super().forward(x_BCX)
            return alone_BCX
        y_BCX: Tensor
        y_BCX, mean_C, variance_C = _Normalise.apply(x_BCX, self.weight, self.bias, self.eps)
        if self.track_running_stats:
            self._follow(mean_C, variance_C, x_BCX.numel() // x_BCX.shape[1] * torch.distributed.get_world_size())
        return y_BCX

    @torch.no_grad()
    def _follow(self, mean_C: Tensor, variance_C: Tensor, count: int) -> None:
        """Update running statistics as one process with the whole batch would; their variance is unbiased."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean_C, momentum)
        self.running_var.lerp_(variance_C * (count / max(1, count - 1)), momentum)

    def _check_input_dim(self, input: Tensor) -> None:
        """Accept any shape: the layer that this one replaces has been checked."""


class _Normalise(torch.autograd.Function):
    """Normalised values, mean and variance (biased) over the batches of all processes."""

    @staticmethod
    def forward(ctx: Any, x_BCX: Tensor, weight_C: Tensor, bias_C: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        variance_C, mean_C = torch.var_mean(_wide(x_BCX), dim=_all_but_channels(x_BCX), correction=0)
        found_2C = torch.stack([mean_C, variance_C])
        found_P2C = [torch.empty_like(found_2C) for _ in range(torch.distributed.get_world_size())]
        torch.distributed.all_gather(found_P2C, found_2C)
        means_PC, variances_PC = torch.stack(found_P2C).double().unbind(1)
        mean_C = means_PC.mean(0)
        # Variance within the parts plus variance between them: nothing cancels in this form.
        variance_C = (variances_PC.mean(0) + (means_PC - mean_C).square().mean(0)).to(found_2C.dtype)
        mean_C = mean_C.to(found_2C.dtype)
        ctx.save_for_backward(x_BCX, weight_C, mean_C, (variance_C + eps).rsqrt())
        ctx.mark_non_differentiable(mean_C, variance_C)
        normalised_BCX = functional.batch_norm(x_BCX, mean_C, variance_C, weight_C, bias_C, training=False, eps=eps)
        return normalised_BCX, mean_C, variance_C

    @staticmethod
    def backward(ctx: Any, gradient_BCX: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x_BCX, weight_C, mean_C, scale_C = ctx.saved_tensors
        across, over = (1, -1, *(1,) * (x_BCX.ndim - 2)), _all_but_channels(x_BCX)
        off_BCX, wide_BCX = _wide(x_BCX) - mean_C.view(across), _wide(gradient_BCX)
        sums_2C = torch.stack([wide_BCX.sum(over), (wide_BCX * off_BCX).sum(over)])
        of_bias_C, of_weight_C = sums_2C[0].clone(), sums_2C[1] * scale_C
        torch.distributed.all_reduce(sums_2C)
        mean_gradient_C, mean_product_C = sums_2C / (x_BCX.numel() // len(mean_C) * torch.distributed.get_world_size())
        along_BCX = off_BCX * (scale_C.square() * mean_product_C).view(across)
        of_x_BCX = (wide_BCX - mean_gradient_C.view(across) - along_BCX) * (scale_C * weight_C).view(across)
        return of_x_BCX.to(x_BCX.dtype), of_weight_C, of_bias_C, None


def share_statistics(network: nn.Module, device: torch.device) -> None:
    """Make every batch norm of a network, already on its device, use the batches of all processes.

    Raises `InputError` for a layer that does more than batch norm, since the rest would be lost.
    """
    for layer in network.modules():
        if isinstance(layer, BatchNorm) and type(layer) not in PLAIN:
            raise InputError(
                f"A {type(layer).__name__} does more than a batch norm, so processes cannot share its statistics.",
                "Start one process, or train another --encoder.",
            )
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, BatchNorm):
                setattr(parent, name, _shared(layer))


def _shared(layer: BatchNorm) -> SharedBatchNorm:
    shared = SharedBatchNorm(layer.num_features, layer.eps, layer.momentum)
    shared.load_state_dict(layer.state_dict())
    return shared.train(layer.training)


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _all_but_channels(x_BCX: Tensor) -> list[int]:
    return [0, *range(2, x_BCX.ndim)]
