"""Small random networks in float64 for comparing gradients: a kind and a seed come in; a network comes out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

# F inputs, D embedding width

SIDE = 6
INPUTS = SIDE * SIDE
WIDTH = 5


class Wrapped(nn.Module):
    """A network whose last step restores the initial length of every embedding, so that only its direction changes."""

    def __init__(self, network: nn.Module, lengths_E1: Tensor) -> None:
        super().__init__()
        self.network = network
        self.lengths_E1 = lengths_E1

    def forward(self, x_EF: Tensor) -> Tensor:
        z_ED: Tensor = self.network(x_EF)
        kept_ED: Tensor = self.lengths_E1 * z_ED / z_ED.norm(dim=1, keepdim=True)
        return kept_ED


def linear() -> nn.Module:
    return nn.Sequential(nn.Linear(INPUTS, 7, bias=False), nn.Linear(7, WIDTH, bias=False))


def relu_mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(INPUTS, 12), nn.ReLU(), nn.Linear(12, 9), nn.ReLU(), nn.Linear(9, WIDTH))


def small_conv() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(4, 6, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6, WIDTH),
    )


KINDS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {"linear": linear, "ReLU MLP": relu_mlp, "small conv": small_conv}
)


def draw_network(kind: str, seed: int) -> nn.Module:
    """A network with the weights of a seed. The global random state does not change."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return KINDS[kind]().double()
