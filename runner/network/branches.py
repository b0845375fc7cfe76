"""What a loss sees besides the network: a network and a configuration come in; a predictor, a momentum encoder and a
queue of keys come out, as far as they are asked for.

The embeddings that the loss moves are *queries*, those they are held against *keys*. A momentum encoder is a copy of
the network that follows it slowly and makes the keys (MoCo, He et al. 2020, arXiv 1911.05722); keys of earlier batches
wait in the queue. A predictor is a head that the queries alone go through (BYOL, SimSiam, MoCo v3: Grill et al. 2020,
Chen and He 2021, Chen et al. 2021), as a rule against keys whose gradient is stopped.
"""

import copy

import torch
from torch import Tensor, nn

from runner.network.models import SiameseNetwork, make_projector
from runner.settings.config import ExperimentConfig

# B batch, D embedding width, Q keys of a queue

APART = 2**31
"""Added to the seed of the network, which is smaller, for the initial weights of the predictor."""


class Branches(nn.Module):
    """Predictor, momentum encoder and queue, each None where there is none."""

    queue_QD: Tensor | None

    def __init__(self, network: SiameseNetwork, config: ExperimentConfig) -> None:
        """`config` says how long the queue is and how slow the momentum encoder, not `auto`."""
        super().__init__()
        assert isinstance(config.queue, int)
        assert isinstance(config.momentum_encoder, float)
        self.stopped = config.stop_gradient
        """Whether keys of the network itself are constants to the loss."""
        self.momentum = config.momentum_encoder
        self.encoder = copy.deepcopy(network).requires_grad_(False) if self.momentum else None
        self.predictor = _make_predictor(config) if config.predictor == "mlp" else None
        self.register_buffer("queue_QD", torch.zeros(config.queue, config.projector_dim) if config.queue else None)

    @property
    def are_none(self) -> bool:
        """Whether the loss sees two views of one network, each the query and the key of the other."""
        return not (self.encoder or self.predictor or self.stopped) and self.queue_QD is None

    @torch.no_grad()
    def follow(self, network: SiameseNetwork) -> None:
        """Bring the momentum encoder nearer to the network. Its batch norm has running statistics of its own."""
        if self.encoder is not None:
            for old, new in zip(self.encoder.parameters(), network.parameters(), strict=True):
                old.lerp_(new, 1 - self.momentum)

    def enqueue(self, keys_BD: Tensor, batches: int) -> None:
        """Keys take the place of the oldest; `batches` of so many have come before."""
        if self.queue_QD is not None:
            queued, batch = len(self.queue_QD), len(keys_BD)
            places_B = (batches * batch + torch.arange(batch, device=keys_BD.device)) % queued
            self.queue_QD[places_B] = keys_BD.to(self.queue_QD.dtype)


def _make_predictor(config: ExperimentConfig) -> nn.Sequential:
    """A head as the projector's, (B, D) to (B, D); the global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed + APART)
        return make_projector(config.projector_dim, config.projector_dim)
