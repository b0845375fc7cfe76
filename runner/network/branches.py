"""What a loss uses besides the network: a network and a configuration come in; those of a predictor, a momentum encoder
and a queue of keys that are asked for come out.

The embeddings that receive the gradient of the loss are *queries*, those they are compared with *keys*. A momentum
encoder is a slowly updated copy of the network that makes the keys (MoCo, He et al. 2020, arXiv 1911.05722); keys of
earlier batches are kept in the queue. A predictor is a head that only the queries go through (BYOL, SimSiam, MoCo v3:
Grill et al. 2020, Chen and He 2021, Chen et al. 2021), usually with a stop-gradient on the keys.
"""

import copy

import torch
from torch import Tensor, nn

from runner.network.models import SiameseNetwork, make_head
from runner.settings.config import ExperimentConfig

# B batch, D embedding width, Q keys of a queue

APART = 2**31
"""Added to the seed of the network, which is smaller, to seed the initial weights of the predictor."""


class Branches(nn.Module):
    """Predictor, momentum encoder and queue; each is None if there is none."""

    queue_QD: Tensor | None

    def __init__(self, network: SiameseNetwork, config: ExperimentConfig) -> None:
        """`config` gives the length of the queue and the momentum of the encoder as numbers, not as `auto`."""
        super().__init__()
        assert isinstance(config.queue, int)
        assert isinstance(config.momentum_encoder, float)
        self.stopped = config.stop_gradient
        """Whether keys from the network itself are constants to the loss."""
        self.momentum = config.momentum_encoder
        self.encoder = copy.deepcopy(network).requires_grad_(False) if self.momentum else None
        self.predictor = _make_predictor(config) if config.predictor == "mlp" else None
        self.register_buffer("queue_QD", torch.zeros(config.queue, config.projector_dim) if config.queue else None)

    @property
    def are_none(self) -> bool:
        """Whether the loss sees two views from one network, each the query and the key of the other."""
        return not (self.encoder or self.predictor or self.stopped) and self.queue_QD is None

    @torch.no_grad()
    def follow(self, network: SiameseNetwork) -> None:
        """Update the momentum encoder. The running statistics of its batch norm are its own."""
        if self.encoder is not None:
            for old, new in zip(self.encoder.parameters(), network.parameters(), strict=True):
                old.lerp_(new, 1 - self.momentum)

    def enqueue(self, keys_BD: Tensor, batches: int) -> None:
        """Replace the oldest keys by `keys_BD`; `batches` batches of the same size have come before."""
        if self.queue_QD is not None:
            queued, batch = len(self.queue_QD), len(keys_BD)
            places_B = (batches * batch + torch.arange(batch, device=keys_BD.device)) % queued
            self.queue_QD[places_B] = keys_BD.to(self.queue_QD.dtype)


def _make_predictor(config: ExperimentConfig) -> nn.Sequential:
    """A head with one hidden layer and batch norm, (B, D) to (B, D). The global random state does not change."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed + APART)
        return make_head(config.projector_dim, config.projector_dim, config.projector_dim)
