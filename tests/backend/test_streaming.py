"""Streaming: no matrix of all pairs, whatever the loss; the same numbers from run to run, in an outer graph, under
autocast and under `torch.func`; and a pass list that is as short as the loss allows.

That its numbers are those of the oracles is held in test_library and the property tests, with tiles that do not divide.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import alphadsl
from alphadsl.backend.streaming import cells, products, row_blocks, tiled
from alphadsl.backend.streaming.geometry import tile_pairs
from alphadsl.ir.index_sets import INDEX_SETS
from alphadsl.ir.kinds import Geometry, Streaming

N, D = 60, 4
WHOLE_ROWS = ("blend", "entmax", "eps_supinfonce", "inverse", "square", "supcon")
ROWS_AND_STATISTICS = "loss l {\n  pairs labels\n  loss[i] = (d[i]^2 - mean_i(d[i]^2))^2 + sum_j(s[i,j])\n}\n"


class Largest(TorchDispatchMode):
    """The most numbers that any tensor made has."""

    numbers = 0

    def __torch_dispatch__(self, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = operator(*args, **(kwargs or {}))
        made = [each.numel() for each in tree_leaves(found) if isinstance(each, Tensor) and not each._is_view()]
        self.numbers = max([self.numbers, *made])
        return found


def batch(
    loss: torch.nn.Module, samples: int = N, width: int = D, seed: int = 0
) -> tuple[list[Tensor], dict[str, Tensor]]:
    rng = torch.Generator().manual_seed(seed)
    views = [torch.randn(samples, width, generator=rng).requires_grad_() for _ in range(2)]
    takes = loss.takes
    further = {"labels": torch.arange(samples) // 2} if "labels" in takes else {}
    further |= {"queue": torch.randn(2 * samples, width, generator=rng)} if "queue" in takes else {}
    return views, further


def test_the_library_streams() -> None:
    for name in alphadsl.library():
        expected = Streaming.ROW_BLOCKS if name in WHOLE_ROWS else Streaming.TILES
        assert alphadsl.load(name).core.streaming == expected, name


@pytest.mark.parametrize("name", [name for name in alphadsl.library() if name not in WHOLE_ROWS])
def test_no_tensor_is_larger_than_a_tile_or_the_batch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled, "SIDE", 16)
    monkeypatch.setattr(products, "KEPT_BYTES", 0)
    loss = alphadsl.load(name, backend="streaming", compile=False)
    views, further = batch(loss)
    loss(*views, **further)
    with Largest() as largest:
        loss(*views, **further).backward()
    assert largest.numbers <= max(16 * 16, 4 * N * D) < (2 * N) ** 2 // 4


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE_ROWS)
def test_no_tensor_is_larger_than_a_row_block_or_the_batch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (row_blocks, cells):
        monkeypatch.setattr(module, "ROW_BLOCK_PAIRS", 4 * 2 * N)
    loss = alphadsl.load(name, backend="streaming", compile=False)
    views, further = batch(loss)
    with Largest() as largest:
        loss(*views, **further).backward()
    assert largest.numbers <= max(4 * 2 * N, 2 * N * D)


def test_kept_tiles_stay_within_their_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled, "SIDE", 16)
    monkeypatch.setattr(products, "KEPT_BYTES", 3 * 16 * 16 * 4)
    points_PD = torch.randn(128, D)
    tiling = tile_pairs(INDEX_SETS["two_view"], 64, 0, (0, 64), 16)
    kept = products.Products(points_PD, tiling, passes=2, geometry=Geometry.SPHERE)
    before = [kept.of(tile).clone() for tile in tiling.tiles]
    assert len(kept._formed) == 3
    for tile, s_RC in zip(tiling.tiles, before, strict=True):
        torch.testing.assert_close(kept.of(tile), s_RC, rtol=0, atol=0)
        torch.testing.assert_close(s_RC, points_PD[slice(*tile.rows)] @ points_PD[slice(*tile.columns)].T)


PASSES = {"infonce": 2, "direct": 2, "triplet": 1, "siglip": 1, "clip": 2, "infonce_hard": 2, "dclw": 2, "spectral": 1}


@pytest.mark.parametrize("name", PASSES)
def test_passes_are_as_few_as_can_be(name: str) -> None:
    """A softmax needs one for its normaliser; what only the value or a slope needs rides along with the pushes."""
    assert sum(one.sweeps for one in alphadsl.load(name).core.passes) == PASSES[name]


@pytest.mark.parametrize("name", ["infonce", "direct", "inverse", "supcon", "moco"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_same_numbers_from_run_to_run(name: str, dtype: torch.dtype) -> None:
    loss = alphadsl.load(name, backend="streaming", compile=False)
    views, further = batch(loss, 700, 16)

    def run() -> tuple[Tensor, ...]:
        leaves = [z_ND.detach().to(dtype).requires_grad_() for z_ND in views]
        value = loss(*leaves, **further)
        return value, *torch.autograd.grad(value, leaves)

    assert all(torch.equal(a, b) for a, b in zip(run(), run(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cauchy", "square", "clip"])
@pytest.mark.usefixtures("small_tiles")
def test_inside_an_outer_graph(name: str) -> None:
    """One graph, in which the step is one call, whatever the number of tiles."""
    loss = alphadsl.load(name, backend="streaming", compile=False)
    encoder = torch.nn.Linear(D, D)

    def train_step(x_VND: Tensor) -> Tensor:
        value: Tensor = loss(encoder(x_VND[0]), encoder(x_VND[1]))
        return value

    weights = [*encoder.parameters(), *loss.parameters()]
    torch._dynamo.reset()
    graph = torch.compile(train_step, fullgraph=True, backend="aot_eager")
    for samples in (8, 11):
        x_VND = torch.randn(2, samples, D)
        expected, found = (torch.autograd.grad(each(x_VND), weights) for each in (train_step, graph))
        torch.testing.assert_close(found, expected)
        with torch.no_grad():
            torch.testing.assert_close(graph(x_VND), train_step(x_VND))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["supcon", "eps_supinfonce", "triplet"])
def test_labels_inside_an_outer_graph(name: str) -> None:
    """How many rows there are where positives do not come together depends on the labels: then the step is one call."""
    loss = alphadsl.loads(f"loss l extends {name} {{\n  pairs labels\n}}\n", compile=False)
    z_VND, labels = torch.randn(2, 9, D), torch.arange(9) // 2
    torch._dynamo.reset()
    graph = torch.compile(lambda z0, z1, y: loss(z0, z1, labels=y), backend="aot_eager")
    torch.testing.assert_close(graph(*z_VND, labels), loss(*z_VND, labels=labels))


def test_autocast_does_not_reach_the_products() -> None:
    loss = alphadsl.load("infonce", backend="streaming", compile=False, tau=0.05)
    views, _ = batch(loss, 40)
    expected = loss(*views)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(loss(*views), expected, rtol=0, atol=0)


@pytest.mark.parametrize("backend", ["dense", "streaming"])
def test_functional_gradient(backend: str) -> None:
    loss = alphadsl.load("infonce", backend=backend, compile=False)
    (z0_ND, z1_ND), _ = batch(loss)
    (expected,) = torch.autograd.grad(loss(z0_ND, z1_ND), [z0_ND])
    found = torch.func.grad(lambda z_ND: loss(z_ND, z1_ND.detach()))(z0_ND.detach())
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("backend", ["dense", "streaming"])
def test_vmap_takes_a_loss_of_each_batch(backend: str) -> None:
    loss = alphadsl.load("infonce", backend=backend, compile=False)
    z_BVND = torch.randn(3, 2, N, D)
    found = torch.func.vmap(lambda z_VND: loss(*z_VND))(z_BVND)
    torch.testing.assert_close(found, torch.stack([loss(*z_VND) for z_VND in z_BVND]))


def test_value_without_gradient_pushes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled._Run, "_push", forbidden)
    loss = alphadsl.load("direct", backend="streaming", compile=False)
    (z0_ND, z1_ND), _ = batch(loss)
    found = loss(z0_ND.detach(), z1_ND.detach())
    torch.testing.assert_close(found, alphadsl.load("direct", compile=False)(z0_ND, z1_ND).detach())


def forbidden(*_: object) -> None:
    raise AssertionError("a value needs no push")


def test_what_cannot_stream_says_so_and_stays_dense() -> None:
    with pytest.raises(alphadsl.InputError, match="l cannot stream: it needs whole rows and statistics of the batch"):
        alphadsl.loads(ROWS_AND_STATISTICS, backend="streaming")
    loss = alphadsl.loads(ROWS_AND_STATISTICS, compile=False)
    assert loss.core.streaming == Streaming.NONE
    views, further = batch(loss, 600, 4)
    loss(*views, **further).backward()


@pytest.mark.parametrize("setting", ["none", "ieee"])
def test_product_setting_is_put_back(setting: str) -> None:
    matmul = torch.backends.mkldnn.matmul
    found = matmul.fp32_precision
    loss = alphadsl.load("infonce", backend="streaming", compile=False)
    views, _ = batch(loss)
    try:
        matmul.fp32_precision = setting
        loss(*views)
        assert matmul.fp32_precision == setting
    finally:
        matmul.fp32_precision = found


def test_auto_streams_large_batches_only(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    step: Callable[..., Any] = tiled.Tiled.with_gradient
    monkeypatch.setattr(tiled.Tiled, "with_gradient", lambda *given: seen.append(given[1].shape[1]) or step(*given))
    loss = alphadsl.load("infonce", compile=False)
    for samples in (16, 2048):
        views, _ = batch(loss, samples)
        loss(*views)
    assert seen == [2048]
