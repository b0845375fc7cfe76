"""A GPU is given larger tiles and row blocks than a CPU: counted on fake CUDA tensors, as that needs no device."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode

import alphadsl
from alphadsl.backend.streaming import cells, row_blocks, tiled
from tests.oracles.contexts import context_of

N, D = 20, 4
SMALL = 5


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tiles or row blocks each step has had."""
    counted: list[int] = []
    tiles, adding = tiled.run_tasks, row_blocks.add_in_order

    def run_tasks(before: object, task: object, like: Tensor) -> None:
        counted.append(len(before))  # type: ignore[arg-type]
        tiles(before, task, like)  # type: ignore[arg-type]

    def add_in_order(count: int, find: Callable[[int], object], add: Callable[..., object], like: Tensor) -> None:
        counted.append(count)
        adding(count, find, add, like)

    monkeypatch.setattr(tiled, "run_tasks", run_tasks)
    for module in (row_blocks, cells):
        monkeypatch.setattr(module, "add_in_order", add_in_order)
        monkeypatch.setattr(module, "ROW_BLOCK_PAIRS", SMALL * 2 * N)
    monkeypatch.setattr(tiled, "SIDE", SMALL)
    return counted


def step(name: str, device: str) -> None:
    context_N = context_of(name, torch.randn(N, D))
    loss = alphadsl.load(name, backend="streaming", compile=False)
    z_VND = torch.randn(2, N, D, device=device)
    loss(*z_VND, **{key: torch.empty(part.shape, dtype=part.dtype, device=device) for key, part in context_N.items()})


@pytest.mark.parametrize("name", ["infonce", "square", "supcon"])
def test_a_gpu_has_fewer_and_larger_parts(name: str, parts: list[int]) -> None:
    step(name, "cpu")
    on_cpu, at = max(parts), len(parts)
    with FakeTensorMode():
        step(name, "cuda")
    assert on_cpu >= 2 * N / SMALL
    assert max(parts[at:]) <= 2  # a part for each view where these stand apart
