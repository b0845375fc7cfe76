"""The batch as the papers index it: two raw views in, one `Anchor` of float64 quantities out per embedding.

The 2N anchors are view 0 then view 1; the negatives of an anchor are the 2N-2 embeddings that are neither
itself nor its positive. Distances are the paper's half squared ones, d^2 = |u_i - u_j|^2 / 2 = 1 - s.
Nothing is refused: an oracle is only asked about batches with at least two samples and no zero row.

Shape suffixes: N samples, D embedding width, A = 2N anchors, J = 2N-2 negatives of one anchor.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Oracle = Callable[..., Tensor]


@dataclass(frozen=True)
class Anchor:
    """One row of a loss: cosines, half squared distances, and x_J = s_J - s = d2 - d2_J."""

    s: Tensor
    s_J: Tensor
    d2: Tensor
    d2_J: Tensor
    x_J: Tensor


def anchors(z0_ND: Tensor, z1_ND: Tensor) -> Iterator[Anchor]:
    """The 2N anchors, each with its positive and an explicit list of its negatives."""
    z_AD = torch.cat([z0_ND, z1_ND]).double()
    u_AD = z_AD / z_AD.pow(2).sum(1, keepdim=True).sqrt()
    samples = len(z0_ND)
    for i in range(2 * samples):
        positive = (i + samples) % (2 * samples)
        negatives = [j for j in range(2 * samples) if j not in (i, positive)]
        yield anchor(u_AD[i], u_AD[positive], u_AD[negatives])


def anchor(u_D: Tensor, positive_D: Tensor, negatives_JD: Tensor) -> Anchor:
    """Each quantity from its own definition, as a difference of vectors wherever it is a difference."""
    return Anchor(
        s=positive_D @ u_D,
        s_J=negatives_JD @ u_D,
        d2=(u_D - positive_D).pow(2).sum() / 2,
        d2_J=(u_D - negatives_JD).pow(2).sum(1) / 2,
        x_J=(negatives_JD - positive_D) @ u_D,
    )


def mean_over_anchors(z0_ND: Tensor, z1_ND: Tensor, row: Callable[[Anchor], Tensor]) -> Tensor:
    """The batch loss: the mean over the 2N anchors of what `row` says of each."""
    return torch.stack([row(a) for a in anchors(z0_ND, z1_ND)]).mean()


class Answer(NamedTuple):
    """A scalar loss and its gradients on the raw embeddings of the two views."""

    value: Tensor
    g0_ND: Tensor
    g1_ND: Tensor


Params = dict[str, float]
Evaluate = Callable[[str, Params, Tensor, Tensor], Answer]


def value_and_gradient(oracle: Oracle, z0_ND: Tensor, z1_ND: Tensor, **params: float) -> Answer:
    """The oracle's value and its gradients on `z0_ND` and `z1_ND`, in float64 whatever comes in."""
    leaves = [z_ND.detach().double().requires_grad_() for z_ND in (z0_ND, z1_ND)]
    value = oracle(*leaves, **params)
    g0_ND, g1_ND = torch.autograd.grad(value, leaves)
    return Answer(value.detach(), g0_ND, g1_ND)
