"""The batch as the papers index it: two raw views in, one `Anchor` of float64 quantities out per row of the loss.

The 2N anchors are view 0 then view 1; unless an oracle says otherwise, the negatives of an anchor are the 2N-2
embeddings that are neither itself nor its positive, and embeddings are normalised. Distances are the paper's half
squared ones, d^2 = |u_i - u_j|^2 / 2, 1 - s on the sphere. Nothing is refused: an oracle is only asked about batches
with at least two samples and no zero row.

Shape suffixes: N samples, D embedding width, A = 2N anchors, J negatives of one anchor, L learned parameters.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from tests.oracles.index_sets import Row, two_view

Oracle = Callable[..., Tensor]
Params = dict[str, float]
Context = Mapping[str, Tensor]
NOTHING: Context = {}


@dataclass(frozen=True)
class Anchor:
    """One row of a loss: inner products, half squared distances, and x_J = s_J - s, d2 - d2_J on the sphere."""

    s: Tensor
    s_J: Tensor
    d2: Tensor
    d2_J: Tensor
    x_J: Tensor
    weight: float = 1.0


@dataclass(frozen=True)
class Setting:
    """Which rows a loss has and where its embeddings live; `queue` stands behind the two views."""

    rows: Sequence[Row] | None = None
    normalised: bool = True
    queue: Tensor | None = None


SIMCLR = Setting()


def anchors(z0_ND: Tensor, z1_ND: Tensor, setting: Setting = SIMCLR) -> list[Anchor]:
    """The rows of the loss, each an anchor with a positive and an explicit list of its negatives."""
    others = [] if setting.queue is None else [setting.queue.detach()]
    u_AD = torch.cat([z0_ND, z1_ND, *others]).double()
    if setting.normalised:
        u_AD = u_AD / u_AD.pow(2).sum(1, keepdim=True).sqrt()
    rows = two_view(len(z0_ND)) if setting.rows is None else setting.rows
    return [anchor(u_AD[row.anchor], u_AD[row.positive], u_AD[row.negatives], row.weight) for row in rows]


def anchor(u_D: Tensor, positive_D: Tensor, negatives_JD: Tensor, weight: float) -> Anchor:
    """Each quantity from its own definition, as a difference of vectors wherever it is a difference."""
    return Anchor(
        s=positive_D @ u_D,
        s_J=negatives_JD @ u_D,
        d2=(u_D - positive_D).pow(2).sum() / 2,
        d2_J=(u_D - negatives_JD).pow(2).sum(1) / 2,
        x_J=(negatives_JD - positive_D) @ u_D,
        weight=weight,
    )


def mean_over_anchors(
    z0_ND: Tensor, z1_ND: Tensor, row: Callable[[Anchor], Tensor], setting: Setting = SIMCLR
) -> Tensor:
    """The batch loss: the mean over the anchors of what `row` says of each."""
    return mean_of(anchors(z0_ND, z1_ND, setting), row)


def mean_of(rows: Sequence[Anchor], row: Callable[[Anchor], Tensor]) -> Tensor:
    total: Tensor = torch.stack([a.weight * row(a) for a in rows]).sum() / sum(a.weight for a in rows)
    return total


class Answer(NamedTuple):
    """A scalar loss, its gradients on the raw embeddings of the two views, and its slopes by learned parameters."""

    value: Tensor
    g0_ND: Tensor
    g1_ND: Tensor
    slopes_L: Tensor = torch.zeros(0, dtype=torch.float64)


Evaluate = Callable[[str, Params, Tensor, Tensor, Context], Answer]


def value_and_gradient(
    oracle: Oracle,
    z0_ND: Tensor,
    z1_ND: Tensor,
    context: Context = NOTHING,
    params: Mapping[str, float] | None = None,
    learned: Sequence[str] = (),
) -> Answer:
    """The oracle's value and gradients, in float64 whatever comes in; those of `learned` in the order of that."""
    leaves = [z_ND.detach().double().requires_grad_() for z_ND in (z0_ND, z1_ND)]
    given = dict(params or {})
    moving = {name: torch.tensor(given[name], dtype=torch.float64).requires_grad_() for name in learned}
    value = oracle(*leaves, **context, **{**given, **moving})
    g0_ND, g1_ND, *slopes = torch.autograd.grad(value, [*leaves, *moving.values()])
    slopes_L = torch.stack(slopes) if slopes else torch.zeros(0, dtype=torch.float64)
    return Answer(value.detach(), g0_ND, g1_ND, slopes_L)
