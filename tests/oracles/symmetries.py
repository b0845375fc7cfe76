"""The symmetries of every loss, whoever computes it: a way to evaluate a named loss in, an AssertionError out where
the loss sees the order of the samples or of the views, the axes of the space, or on the sphere the length of a row.

Shape suffixes: N samples, D embedding width, A = 2N anchors.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from tests.oracles.batch import Answer, Context, Evaluate
from tests.oracles.closeness import assert_same_answer, gradient_of
from tests.oracles.contexts import EUCLIDEAN, ONE_SIDED, context_of
from tests.oracles.states import Views, each_smooth_state

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Symmetry:
    """A move of the views that leaves the value, and what it does to the gradient."""

    of_views: Callable[[Tensor, Tensor], Views]
    of_gradient: Callable[[Tensor, Tensor], Views]
    of_context: Callable[[Context], Context] = dict
    breaking: tuple[str, ...] = ()


def shuffled(z_ND: Tensor) -> Tensor:
    return z_ND[torch.randperm(len(z_ND), generator=torch.Generator().manual_seed(1))]


def permute(a_ND: Tensor, b_ND: Tensor) -> Views:
    return shuffled(a_ND), shuffled(b_ND)


def permute_labels(context: Context) -> Context:
    return {name: shuffled(tensor) if name == "labels" else tensor for name, tensor in context.items()}


def reflected(z_ND: Tensor) -> Tensor:
    """Turned and mirrored: the axes in another order, one of them reversed."""
    return z_ND.flip(1) * torch.where(torch.arange(z_ND.shape[1]) == 0, -1.0, 1.0).to(z_ND.dtype)


def reflect(a_ND: Tensor, b_ND: Tensor) -> Views:
    return reflected(a_ND), reflected(b_ND)


def reflect_queue(context: Context) -> Context:
    return {name: reflected(tensor) if name == "queue" else tensor for name, tensor in context.items()}


def swap(a_ND: Tensor, b_ND: Tensor) -> Views:
    return b_ND, a_ND


def lengthen(a_ND: Tensor, b_ND: Tensor) -> Views:
    lengths_N1 = torch.logspace(-3, 3, len(a_ND), dtype=torch.float64).unsqueeze(1)
    return a_ND * lengths_N1, b_ND / lengths_N1


def shorten(a_ND: Tensor, b_ND: Tensor) -> Views:
    return swap(*lengthen(b_ND, a_ND))


SYMMETRIES = {
    "samples permuted": Symmetry(permute, permute, permute_labels),
    "space reflected": Symmetry(reflect, reflect, reflect_queue),
    "views swapped": Symmetry(swap, swap, breaking=ONE_SIDED),
    "rows scaled": Symmetry(lengthen, shorten, breaking=EUCLIDEAN),
}


def each_symmetry(names: Iterable[str]) -> list[tuple[str, str]]:
    """The symmetries of each loss."""
    return [(name, symmetry) for name in names for symmetry, of in SYMMETRIES.items() if name not in of.breaking]


def assert_symmetry(symmetry: Symmetry, name: str, evaluate: Evaluate) -> None:
    """The loss does not see the move, and its gradient moves with the embeddings."""
    for z0_ND, z1_ND in each_smooth_state():
        context = context_of(name, z0_ND)
        still = evaluate(name, {}, z0_ND, z1_ND, context)
        expected = Answer(still.value, *symmetry.of_gradient(still.g0_ND, still.g1_ND), still.slopes_L)
        moved_views = symmetry.of_views(z0_ND, z1_ND)
        moved = evaluate(name, {}, *moved_views, symmetry.of_context(context))
        assert_same_answer(moved, expected, *moved_views, TOLERANCE)


def assert_tangent(name: str, evaluate: Evaluate) -> None:
    """On the sphere the gradient of each row is orthogonal to the row."""
    for z0_ND, z1_ND in each_smooth_state():
        answer = evaluate(name, {}, z0_ND, z1_ND, context_of(name, z0_ND))
        z_AD, g_AD = torch.cat([z0_ND, z1_ND]), gradient_of(answer)
        scale = (z_AD.norm(dim=1) * g_AD.norm(dim=1)).sum().item()
        assert (z_AD * g_AD).sum(1).abs().max().item() <= TOLERANCE * scale
