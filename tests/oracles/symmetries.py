"""The symmetries of every loss on the sphere, whoever computes it: a way to evaluate a named loss in, an
AssertionError out where the loss sees the order of the samples or of the views, or the length of a row.

Shape suffixes: N samples, D embedding width, A = 2N anchors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tests.oracles.batch import Answer, Evaluate
from tests.oracles.closeness import assert_same_answer, gradient_of
from tests.oracles.states import Views, each_smooth_state

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Symmetry:
    """A move of the views that leaves the value, and what it does to the gradient."""

    of_views: Callable[[Tensor, Tensor], Views]
    of_gradient: Callable[[Tensor, Tensor], Views]


def permute(a_ND: Tensor, b_ND: Tensor) -> Views:
    order = torch.randperm(len(a_ND), generator=torch.Generator().manual_seed(1))
    return a_ND[order], b_ND[order]


def swap(a_ND: Tensor, b_ND: Tensor) -> Views:
    return b_ND, a_ND


def lengthen(a_ND: Tensor, b_ND: Tensor) -> Views:
    lengths_N1 = torch.logspace(-3, 3, len(a_ND), dtype=torch.float64).unsqueeze(1)
    return a_ND * lengths_N1, b_ND / lengths_N1


def shorten(a_ND: Tensor, b_ND: Tensor) -> Views:
    return swap(*lengthen(b_ND, a_ND))


SYMMETRIES = {
    "samples permuted": Symmetry(permute, permute),
    "views swapped": Symmetry(swap, swap),
    "rows scaled": Symmetry(lengthen, shorten),
}


def assert_symmetry(symmetry: Symmetry, name: str, evaluate: Evaluate) -> None:
    """The loss does not see the move, and its gradient moves with the embeddings."""
    for z0_ND, z1_ND in each_smooth_state():
        still = evaluate(name, {}, z0_ND, z1_ND)
        expected = Answer(still.value, *symmetry.of_gradient(still.g0_ND, still.g1_ND))
        moved_views = symmetry.of_views(z0_ND, z1_ND)
        assert_same_answer(evaluate(name, {}, *moved_views), expected, *moved_views, TOLERANCE)


def assert_tangent(name: str, evaluate: Evaluate) -> None:
    """On the sphere the gradient of each row is orthogonal to the row."""
    for z0_ND, z1_ND in each_smooth_state():
        z_AD, g_AD = torch.cat([z0_ND, z1_ND]), gradient_of(evaluate(name, {}, z0_ND, z1_ND))
        scale = (z_AD.norm(dim=1) * g_AD.norm(dim=1)).sum().item()
        assert (z_AD * g_AD).sum(1).abs().max().item() <= TOLERANCE * scale
