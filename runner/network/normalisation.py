"""Batch norm where one batch takes several forward passes: a network comes in, and its running statistics, which an
evaluation uses, move as they do for one pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def statistics_held(network: nn.Module) -> Iterator[None]:
    """Inside the block running statistics stay as they are; what is trained is normalised by its batch as ever."""
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm) and layer.training]
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
    """Inside the block so many forward passes together move running statistics as far as one does outside.

    With momentum m a pass leaves 1 - m of them; passes that leave (1 - m)^(1/passes) each, together do so.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm) and layer.momentum is not None]
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 1 - (1 - (layer.momentum or 0.0)) ** (1 / passes)
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
