"""Evaluating a network without changing it: it is in evaluation mode inside the block, and afterwards as it was.

Refused: an encoder that has changed afterwards, such as one that writes a buffer even in evaluation mode.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

from alphadsl.report.exceptions import InputError


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients. The mode of every submodule and torch's random state are restored."""
    modes = {module: module.training for module in network.modules()}
    devices = {weight.device for weight in network.parameters() if weight.device.type == "cuda"}
    network.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=list(devices)):
            yield
    finally:
        for module, training in modes.items():
            module.training = training


@contextmanager
def frozen(network: nn.Module) -> Iterator[str]:
    """Like `evaluating`; yields the fingerprint of all parameters and buffers, which must be the same afterwards.

    Raises `InputError` that names one that is not.
    """
    before = fingerprints(network)
    with evaluating(network):
        yield hashlib.sha256("".join(before.values()).encode()).hexdigest()
    after = fingerprints(network)
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            raise InputError(f"{name} of the encoder changed while it was probed.", "Evaluation must change nothing.")


def fingerprints(network: nn.Module) -> Mapping[str, str]:
    """SHA-256 of each parameter and buffer, including buffers that are not saved in checkpoints."""
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    return {
        name: hashlib.sha256(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data).hexdigest()
        for name, tensor in tensors.items()
    }
