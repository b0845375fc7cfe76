"""A comparison, a tie or a maximum is decided from one number: by products whose rounding depends on which of two
points comes first, each loss that selects among its pairs has the gradient of plain float64 autograd.

`torch.mm` is replaced by one that is off by some units of the last place, above the diagonal of a tile upwards and
below it downwards, as no real product is so thoroughly; what is decided from two of its numbers is decided wrongly.
Ties are held by true products, on embeddings that leave nothing to round. Legend: N samples, D embedding width, Q rows
of a queue, R rows and C columns of a product.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.streaming import products, row_blocks, tiled
from tests.oracles.index_sets import Row, cross_view, labelled, queued, same_view, two_view

N, D, Q = 11, 16, 13
UNITS = 16
MULTIPLY = torch.mm

Anchor = Callable[[Tensor, Tensor], Tensor]

# The loss of an anchor by its cosine to the positive, or by half the squared distance, and those to its negatives.
SELECTING: dict[str, tuple[str, Anchor]] = {
    "maximum": ("max_j(s[i,j]) - s[i]", lambda p, n: n.amax() - p),
    "minimum": ("2 * max_j(s[i,j]) - min_j(s[i,j]) - s[i]", lambda p, n: 2 * n.amax() - n.amin() - p),
    "maximum of a curve": ("max_j((1.2 + s[i,j])^1.7 * exp(s[i,j]))", lambda p, n: ((1.2 + n) ** 1.7 * n.exp()).amax()),
    "equality": (
        "mean_j(where(s[i,j] == max_j(s[i,j]), exp(s[i,j]), 0)) - s[i]",
        lambda p, n: torch.where(n == n.amax(), n.exp(), 0.0).mean() - p,
    ),
    "at least": (
        "sum_j(where(s[i,j] >= max_j(s[i,j]), s[i,j], 0)) - s[i]",
        lambda p, n: torch.where(n >= n.amax(), n, 0.0).sum() - p,
    ),
    "hinge at its corner": (
        "sum_j(relu(s[i,j] - max_j(s[i,j]) + 0.3)^2 - relu(s[i,j] - max_j(s[i,j]))) - s[i]",
        lambda p, n: (torch.relu(n - n.amax() + 0.3) ** 2 - torch.relu(n - n.amax())).sum() - p,
    ),
    "mean of the active": (
        "sum_j(where(s[i,j] > mean_j(s[i,j]), exp(s[i,j]), 0)) / (1 + sum_j(s[i,j] > mean_j(s[i,j]))) - s[i]",
        lambda p, n: torch.where(n > n.mean(), n.exp(), 0.0).sum() / (1 + (n > n.mean()).sum()) - p,
    ),
}
FAR = ("max_j(-d[i,j]^2) + d[i]^2", lambda p, n: (-n).amax() + p)
ROWS: dict[str, Callable[[], list[Row]]] = {
    "two_view": lambda: two_view(N),
    "same_view": lambda: same_view(N),
    "cross_view": lambda: cross_view(N),
    "queue": lambda: queued(N, Q),
    "labels": lambda: labelled([i % 4 for i in range(N)], against_classes=False),
}
TILED = [pairs for pairs in ROWS if pairs != "labels"]
# Tiles that do not divide the batch, kept and formed anew in each pass; one tile alone.
SIZES = [(3, 0), (3, 1 << 20), (512, 0)]


def uneven(a_RD: Tensor, b_DC: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product, rounded up above the diagonal and down below it."""
    exact_RC = MULTIPLY(a_RD, b_DC)
    upward_RC = torch.ones_like(exact_RC).triu(1) - torch.ones_like(exact_RC).tril(-1)
    rounded_RC = exact_RC * (1 + UNITS * torch.finfo(exact_RC.dtype).eps * upward_RC)
    return rounded_RC if out is None else out.copy_(rounded_RC)


def batch(pairs: str, ties: bool) -> tuple[Tensor, dict[str, Tensor]]:
    """With ties, embeddings of signs: of length 1, and their cosines quarters."""
    rng = torch.Generator().manual_seed(3)
    points_PD = torch.randn(2 * N + Q, D, generator=rng, dtype=torch.float64)
    points_PD = torch.nn.functional.pad(points_PD[:, :4].sign() / 2, (0, D - 4)) if ties else points_PD
    further = {"queue": points_PD[2 * N :]} if pairs == "queue" else {}
    further |= {"labels": torch.arange(N) % 4} if pairs == "labels" else {}
    return points_PD[: 2 * N].unflatten(0, (2, N)), further


def literal(pairs: str, space: str, anchor: Anchor, z_VND: Tensor, further: dict[str, Tensor]) -> Tensor:
    """The gradient of the mean over anchors, by autograd from the formula."""
    leaf_VND = z_VND.double().requires_grad_()
    points_PD = torch.cat([leaf_VND.flatten(0, 1), further.get("queue", z_VND[0, :0]).double()])
    points_PD = torch.nn.functional.normalize(points_PD, dim=1) if space == "sphere" else points_PD
    total = torch.zeros((), dtype=torch.float64)
    for row in (rows := ROWS[pairs]()):
        others_CD = points_PD[[row.positive, *row.negatives]]
        if space == "sphere":
            near_C = (others_CD * points_PD[row.anchor]).sum(1)
        else:
            near_C = (others_CD - points_PD[row.anchor]).square().sum(1) / 2
        total = total + row.weight * anchor(near_C[0], near_C[1:])
    (gradient_VND,) = torch.autograd.grad(total / sum(row.weight for row in rows), [leaf_VND])
    return gradient_VND


def error(loss: torch.nn.Module, expected_VND: Tensor, z_VND: Tensor, further: dict[str, Tensor]) -> float:
    leaf_VND = z_VND.clone().requires_grad_()
    (found_VND,) = torch.autograd.grad(loss(*leaf_VND, **further), [leaf_VND])
    return float((found_VND - expected_VND).norm() / expected_VND.norm())


def source(pairs: str, space: str, body: str) -> str:
    return f"loss l {{\n  pairs {pairs}\n  space {space}\n  loss[i] = {body}\n  alpha in reals\n}}\n"


def hold(
    pairs: str, space: str, selecting: tuple[str, Anchor], dtype: torch.dtype, ties: bool = False, **options: Any
) -> None:
    body, anchor = selecting
    z_VND, further = batch(pairs, ties)
    further = {name: x.to(dtype) if x.is_floating_point() else x for name, x in further.items()}
    expected_VND = literal(pairs, space, anchor, z_VND.to(dtype), further)
    loss = alphadsl.loads(source(pairs, space, body), **options)
    assert error(loss, expected_VND, z_VND.to(dtype), further) < 300 * torch.finfo(dtype).eps, (pairs, body)


@pytest.fixture
def uneven_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "mm", uneven)


@pytest.fixture(params=SIZES, ids=["formed anew", "kept", "one tile"])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    side, kept = request.param
    monkeypatch.setattr(tiled, "SIDE", side)
    monkeypatch.setattr(products, "KEPT_BYTES", kept)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("pairs", TILED)
@pytest.mark.usefixtures("sizes", "uneven_products")
def test_every_kind_of_selection(pairs: str, dtype: torch.dtype) -> None:
    for selecting in SELECTING.values():
        hold(pairs, "sphere", selecting, dtype, backend="streaming", compile=False)
    hold(pairs, "euclidean", FAR, dtype, backend="streaming", compile=False)


@pytest.mark.usefixtures("uneven_products")
def test_whole_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row block has all pairs of its rows, and forms their products once."""
    monkeypatch.setattr(row_blocks, "ROW_BLOCK_PAIRS", 5 * N)
    for name in ("maximum", "equality", "mean of the active"):
        hold("labels", "sphere", SELECTING[name], torch.float64, backend="streaming", compile=False)


@pytest.mark.parametrize("pairs", ROWS)
@pytest.mark.usefixtures("sizes")
def test_ties_share_evenly(pairs: str) -> None:
    for name in ("maximum", "equality"):
        hold(pairs, "sphere", SELECTING[name], torch.float64, ties=True, backend="streaming", compile=False)


@pytest.mark.parametrize("pairs", ROWS)
@pytest.mark.parametrize("ties", [False, True])
def test_a_dense_step_forms_every_product_once(pairs: str, ties: bool) -> None:
    for name in ("maximum", "equality"):
        hold(pairs, "sphere", SELECTING[name], torch.float64, ties, backend="dense", compile=False)


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "pairs"), [("dense", "two_view"), ("streaming", "cross_view")])
@pytest.mark.usefixtures("uneven_products")
def test_compiled(backend: str, pairs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a maximum and what is compared with it are parts of different kernels."""
    monkeypatch.setattr(tiled, "SIDE", 9)
    hold(pairs, "sphere", SELECTING["maximum of a curve"], torch.float32, backend=backend, compile=True)
