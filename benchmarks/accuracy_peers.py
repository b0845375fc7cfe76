"""InfoNCE as others compute it, each a callable of two views whose truth is InfoNCE divided by tau.

lightly's NTXentLoss, pytorch-metric-learning's NTXentLoss, and the plain cross-entropy form. Sixteen-bit inputs are
run under `torch.autocast`, as their users do.
"""

from collections.abc import Callable

import torch
from lightly.loss import NTXentLoss as LightlyNTXent
from pytorch_metric_learning.losses import NTXentLoss as MetricNTXent
from torch import Tensor
from torch.nn import functional

View = Callable[[Tensor, Tensor], Tensor]
# pytorch-metric-learning builds every pair of pairs.
LARGEST_METRIC = 512


def lightly_form(tau: float) -> View:
    loss = LightlyNTXent(temperature=tau)
    return lambda z0_ND, z1_ND: loss(z0_ND, z1_ND)


def metric_form(tau: float) -> View:
    loss = MetricNTXent(temperature=tau)

    def form(z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        found: Tensor = loss(torch.cat([z0_ND, z1_ND]), torch.arange(len(z0_ND)).repeat(2))
        return found

    return form


def plain_form(tau: float) -> View:
    def form(z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        z_AD = functional.normalize(torch.cat([z0_ND, z1_ND]), dim=1)
        own_AA = torch.eye(len(z_AD), dtype=torch.bool)
        s_AA = (z_AD @ z_AD.mT / tau).masked_fill(own_AA, -torch.inf)
        positive_A = torch.arange(len(z_AD)).roll(len(z0_ND))
        return functional.cross_entropy(s_AA, positive_A)

    return form


PEERS: dict[str, Callable[[float], View]] = {
    "lightly NTXentLoss": lightly_form,
    "pytorch-metric-learning NTXentLoss": metric_form,
    "plain cross-entropy": plain_form,
}


def peer(name: str, tau: float, dtype: torch.dtype) -> View:
    form = PEERS[name](tau)

    def run(z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
            return form(z0_ND, z1_ND)

    return run


def fits(name: str, anchors: int) -> bool:
    return anchors <= LARGEST_METRIC or not name.startswith("pytorch")
