"""Small distances keep their digits: what a batch far from the origin, in far-apart clusters or nearly collapsed is
worth is known as well as its numbers are, dense and streamed, in float32 and float64, for every index set.

The truth is made of plain differences in extended precision, of the very numbers that the loss is given. An error may
be a few roundings of the answer, and in float64 what the truth moves by when the rows of the batch move by an ulp.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

import alphadsl
from alphadsl.backend.execution import Backend, Compile
from alphadsl.backend.module import ContrastiveLoss
from tests.oracles.index_sets import Row, cross_view, labelled, queued, same_view, two_view
from tests.oracles.kernels import PULLS, value_and_gradient

N, D, QUEUED = 6, 8, 5
LABELS = (0, 1, 2, 0, 1, 2)
ROWS: dict[str, list[Row]] = {
    "two_view": two_view(N),
    "same_view": same_view(N),
    "cross_view": cross_view(N),
    "queue": queued(N, QUEUED),
    "labels": labelled(LABELS, against_classes=False),
    "labels against other_classes": labelled(LABELS, against_classes=True),
}
DTYPES = (torch.float32, torch.float64)
# Units of the last place; a sum over pairs adds some up.
ROUNDINGS = 30.0
ULPS = {torch.float32: 0.0, torch.float64: 8.0}


@dataclass(frozen=True)
class State:
    """How far a batch is from the origin, its clusters from each other, and embeddings from their neighbours."""

    offset: float = 0.0
    clusters: float = 0.0
    gap: float = 1.0

    def batch(self) -> NDArray[np.float64]:
        rng = np.random.default_rng(0)
        cluster_E = np.arange(2 * N + QUEUED) % 3
        centre_ED = self.clusters * rng.normal(size=(3, D))[cluster_E]
        direction_D = rng.normal(size=D)
        near_ED = self.gap * rng.normal(size=(2 * N + QUEUED, D))
        base_D = direction_D / np.linalg.norm(direction_D) if self.gap < 1 else 0 * direction_D
        whole_ED: NDArray[np.float64] = near_ED + centre_ED + base_D + self.offset
        return whole_ED


EUCLIDEAN = {
    torch.float32: (State(), State(offset=30), State(offset=1e4), State(clusters=300), State(gap=1e-3)),
    torch.float64: (State(), State(offset=1e6), State(clusters=1e4), State(gap=1e-6)),
}
SPHERE = {
    torch.float32: (State(), State(gap=1e-3), State(gap=1e-4)),
    torch.float64: (State(), State(gap=1e-4), State(gap=1e-8)),
}
STATES = {"sphere": SPHERE, "euclidean": EUCLIDEAN}


def spec_of(pull: str, space: str, pairs: str) -> str:
    return f"loss near {{\n  pairs {pairs}\n  space {space}\n  loss[i] = {PULLS[pull].spec}\n  alpha in reals\n}}\n"


@cache
def loaded(spec: str, backend: Backend, compile: Compile) -> ContrastiveLoss:
    return alphadsl.loads(spec, backend=backend, compile=compile)


def given(z_ED: Tensor, pairs: str) -> tuple[list[Tensor], dict[str, Tensor]]:
    leaves = [z_ED[:N].clone().requires_grad_(), z_ED[N : 2 * N].clone().requires_grad_()]
    further = {"queue": z_ED[2 * N :]} if pairs == "queue" else {}
    return leaves, further | ({"labels": torch.tensor(LABELS)} if "labels" in pairs else {})


def errors(
    pull: str, space: str, pairs: str, state: State, dtype: torch.dtype, backend: Backend, compile: Compile
) -> tuple[float, float, float, float]:
    """Of value and gradient, relative, and what either may be off by."""
    z_ED = torch.from_numpy(state.batch()).to(dtype)
    loss = loaded(spec_of(pull, space, pairs), backend, compile)
    leaves, further = given(z_ED, pairs)
    value = loss(*leaves, **further)
    gradient_AD = torch.cat(torch.autograd.grad(value, leaves)).double().numpy()
    exact = z_ED.double().numpy()
    truth, right_AD = value_and_gradient(PULLS[pull], ROWS[pairs], exact, 2 * N, on_sphere=space == "sphere")
    rng = np.random.default_rng(1)
    ulp = torch.finfo(dtype).eps
    _, other_AD = value_and_gradient(
        PULLS[pull],
        ROWS[pairs],
        exact * (1 + ulp * rng.choice((-1.0, 1.0), exact.shape)),
        2 * N,
        on_sphere=space == "sphere",
    )
    # Without a close look the step is in float32: its value is a difference of numbers near 1, and what a gradient may
    # be off by is what rounding the embeddings makes of it.
    plain = pull == "gaussian" and space == "sphere"
    scale = max(abs(truth), float(plain))
    ulps = max(ULPS[dtype], float(plain))
    size = float(np.linalg.norm(right_AD))
    return (
        abs(value.item() - truth) / scale,
        float(np.linalg.norm(gradient_AD - right_AD)) / size,
        ROUNDINGS * ulp + ulps * ulp * float(np.abs(exact[: 2 * N] * right_AD).sum()) / scale,
        ROUNDINGS * ulp + ulps * float(np.linalg.norm(other_AD - right_AD)) / size,
    )


def cases() -> Iterator[tuple[str, str, str]]:
    for space in STATES:
        for pull in PULLS:
            yield from ((pull, space, pairs) for pairs in ROWS if pull == "riesz" or pairs == "two_view")
    yield from (("gaussian", "euclidean", pairs) for pairs in ROWS)


@pytest.mark.parametrize("backend", ["interpreter", "dense", "streaming"])
@pytest.mark.parametrize(("pull", "space", "pairs"), sorted(set(cases())))
def test_small_distances_keep_their_digits(pull: str, space: str, pairs: str, backend: Backend) -> None:
    for dtype in DTYPES:
        for state in STATES[space][dtype]:
            value, gradient, of_value, of_gradient = errors(pull, space, pairs, state, dtype, backend, False)
            assert value <= of_value, (dtype, state, value, of_value)
            assert gradient <= of_gradient, (dtype, state, gradient, of_gradient)
