"""All anchors of a batch at once, for formulas written by hand: two raw views and an index set in, one `Anchor` of
float64 matrices out (a row per anchor, a column per negative), and from a `Case` its value and gradients.

Distances are the paper's half squared ones, each from its own definition as a difference of vectors. Nothing here
looks at alphadsl. Shape suffixes: N samples, D embedding width, A = 2N anchors, J negatives of one anchor.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import torch
from torch import Tensor

from tests.oracles.batch import Anchor, Answer, Params, value_and_gradient

Formula = Callable[[Anchor, SimpleNamespace], Tensor]


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x) to the last digit; torch's own is x from 20 on, which is 2e-9 off."""
    return torch.logaddexp(x, torch.zeros_like(x))


@dataclass(frozen=True)
class Case:
    """A loss that the library does not have: its spec, its formula on paper, and parameters at the ends of their
    range; `text` is the inside of the braces."""

    name: str
    text: str
    formula: Formula
    settings: tuple[Params, ...] = field(default=({},), hash=False)

    @property
    def spec(self) -> str:
        return f"loss {self.name} {{\n{self.text}\n}}\n"

    @property
    def pairs(self) -> str:
        return next((word for word in ("same_view", "cross_view") if word in self.text), "two_view")

    def __str__(self) -> str:
        return self.name


def negatives(pairs: str, samples: int) -> Tensor:
    """The negatives of every anchor (A, J): never itself, never its positive."""
    rows = []
    for i in range(2 * samples):
        others = [j for j in range(2 * samples) if j % samples != i % samples]
        kept = {
            "two_view": others,
            "same_view": [j for j in others if (j < samples) == (i < samples)],
            "cross_view": [j for j in others if (j < samples) != (i < samples)],
        }
        rows.append(kept[pairs])
    return torch.tensor(rows)


def anchors_at_once(z0_ND: Tensor, z1_ND: Tensor, pairs: str) -> Anchor:
    z_AD = torch.cat([z0_ND, z1_ND]).double()
    u_AD = z_AD / z_AD.pow(2).sum(1, keepdim=True).sqrt()
    positive_AD = u_AD.roll(len(z0_ND), 0)
    negative_AJD = u_AD[negatives(pairs, len(z0_ND))]
    u_A1D = u_AD.unsqueeze(1)
    return Anchor(
        s=(positive_AD * u_AD).sum(1, keepdim=True),
        s_J=(negative_AJD * u_A1D).sum(2),
        d2=(u_AD - positive_AD).pow(2).sum(1, keepdim=True) / 2,
        d2_J=(u_A1D - negative_AJD).pow(2).sum(2) / 2,
        x_J=((negative_AJD - positive_AD.unsqueeze(1)) * u_A1D).sum(2),
    )


def unsettled(a: Anchor, by: float) -> Anchor:
    """The same anchors, no cosine known better than `by`."""
    rng = torch.Generator().manual_seed(0)

    def noise(like: Tensor) -> Tensor:
        return by * (2 * torch.rand(like.shape, generator=rng, dtype=torch.float64) - 1)

    e, e_J = noise(a.s), noise(a.s_J)
    return Anchor(a.s + e, a.s_J + e_J, (a.d2 - e).clamp_min(0), (a.d2_J - e_J).clamp_min(0), a.x_J + e_J - e)


def truth_of(case: Case, params: Params, z0_ND: Tensor, z1_ND: Tensor, by: float = 0.0) -> Answer:
    """The formula's value and gradients in float64, on the embeddings as they come, cosines off by up to `by`."""
    numbers = SimpleNamespace(**params)

    def value(z0: Tensor, z1: Tensor) -> Tensor:
        return case.formula(unsettled(anchors_at_once(z0, z1, case.pairs), by), numbers).mean()

    return value_and_gradient(value, z0_ND, z1_ND)


def total(x_J: Tensor) -> Tensor:
    """The sum over the negatives."""
    return x_J.sum(-1, keepdim=True)


def average(x_J: Tensor) -> Tensor:
    return x_J.mean(-1, keepdim=True)


def largest(x_J: Tensor) -> Tensor:
    return x_J.amax(-1, keepdim=True)


def smallest(x_J: Tensor) -> Tensor:
    return x_J.amin(-1, keepdim=True)


def held(alpha_J: Tensor, a: Anchor) -> Tensor:
    """sum_j alpha_ij (d_i^2 - d_ij^2), alpha held fixed."""
    return through(alpha_J.detach(), a)


def through(alpha_J: Tensor, a: Anchor) -> Tensor:
    """The same, alpha differentiated; the difference of distances is written as the cosines' x_ij."""
    return total(alpha_J * a.x_J)


def shared(logit_J: Tensor) -> Tensor:
    """Rows proportional to the exponential of the logits."""
    weight_J = torch.exp(logit_J - largest(logit_J).detach())
    return weight_J / total(weight_J)
