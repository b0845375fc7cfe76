"""Statistics of a loss and of a network on a batch: importances and features come in; named numbers come out, cheap
enough for every epoch.

`alpha/entropy`: mean over anchors of the entropy of alpha over their negatives, alpha_ij / sum_j alpha_ij, in nats.
`alpha/effective_negatives`: mean of the exponential of that entropy. It is the number of negatives if all have the same
weight, 1 if one has all the weight, and 0 for an anchor that nothing repels. `alpha/beta`: mean over anchors of beta_i,
the total attraction of an anchor to its positives. `features/alignment`, `features/uniformity`: mean |u - u'|^2 over
positives, and log of the mean of exp(-2 |u_i - u_j|^2) over pairs of one view, u = h / |h| (Wang and Isola 2020, arXiv
2005.10242). `features/effective_rank`: exp of the entropy of the singular values of all features (Roy and Vetterli
2007; RankMe, Garrido et al. 2023, arXiv 2210.02885), at most the smaller of their number and their width.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from runner.evaluation.frozen import evaluating
from runner.network.models import SiameseNetwork

# V views (2), N samples, F features, D embedding width, E embeddings of both views, A anchors, C candidates, P pairs or
# positives, K singular values

SHARPNESS = 2.0
"""The t of the uniformity in Wang and Isola."""


class Importance(Protocol):
    """The importances of a batch: `alphadsl.Importance`."""

    @property
    def repel(self) -> Tensor:
        """alpha (A, C)."""

    @property
    def attract(self) -> Tensor:
        """beta (A,), or (A, A) with a weight for each positive."""


def importance_statistics(importance: Importance) -> dict[str, float]:
    """Statistics of alpha and beta. Negative weights, with which a negative attracts, count as 0."""
    alpha_AC = importance.repel.double().clamp_min(0)
    total_A1 = alpha_AC.sum(dim=1, keepdim=True)
    share_AC = alpha_AC / torch.where(total_A1 > 0, total_A1, 1)
    entropy_A = torch.special.entr(share_AC).sum(dim=1)
    effective_A = torch.where(total_A1[:, 0] > 0, entropy_A.exp(), 0)
    beta_AP = importance.attract.double().view(len(alpha_AC), -1)
    return {
        "alpha/entropy": float(entropy_A.mean()),
        "alpha/effective_negatives": float(effective_A.mean()),
        "alpha/beta": float(beta_AP.sum(dim=1).mean()),
    }


def feature_statistics(h_VNF: Tensor) -> dict[str, float]:
    """Statistics of the features (2, N, F) of two views of N samples, N > 1."""
    h_VNF = h_VNF.double()
    first_NF, second_NF = functional.normalize(h_VNF, dim=2)
    squared_P = functional.pdist(first_NF).square()
    singular_K = torch.linalg.svdvals(h_VNF.flatten(0, 1))
    share_K = singular_K / singular_K.sum()
    return {
        "features/alignment": float((first_NF - second_NF).square().sum(dim=1).mean()),
        "features/uniformity": float(torch.logsumexp(-SHARPNESS * squared_P, dim=0)) - math.log(len(squared_P)),
        "features/effective_rank": float(torch.special.entr(share_K).sum().exp()),
    }


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of a loss with a queue: the encoder of the second view, and the keys of earlier batches."""

    network: SiameseNetwork
    queue_QD: Tensor


def measure_batch(
    network: SiameseNetwork,
    loss: object,
    x_VNCHW: Tensor,
    labels_N: Tensor | None = None,
    keys: Keys | None = None,
) -> dict[str, float]:
    """All statistics for two views of a batch; with `keys` the negatives of view 0 are those of the queue.

    A loss that does not give its importances has only those of the features. Numbers that are not finite are left out,
    and a network that has diverged has none. Network, loss and random state do not change.
    """
    with evaluating(network):
        h_EF = network.encoder(x_VNCHW.flatten(0, 1))
        z_ED = network.projector(h_EF)
        z0_ND, z1_ND = z_ED.float().chunk(2)
        if not (h_EF.isfinite().all() and z_ED.isfinite().all()):
            return {}
        importances = (
            _of_importance(loss, z0_ND, z1_ND, labels_N) if keys is None else _of_queue(loss, z0_ND, x_VNCHW[1], keys)
        )
        numbers: Mapping[str, float] = importances | feature_statistics(h_EF.view(2, len(z0_ND), -1))
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def _of_importance(loss: object, z0_ND: Tensor, z1_ND: Tensor, labels_N: Tensor | None) -> dict[str, float]:
    ask = getattr(loss, "importance", None)
    return {} if ask is None else importance_statistics(ask(z0_ND, z1_ND, labels_N))


def _of_queue(loss: object, z0_ND: Tensor, x_NCHW: Tensor, keys: Keys) -> dict[str, float]:
    ask = getattr(loss, "importance", None)
    if ask is None:
        return {}
    with evaluating(keys.network):
        z1_ND = keys.network(x_NCHW).float()
    return importance_statistics(ask(z0_ND, z1_ND, queue=keys.queue_QD))
