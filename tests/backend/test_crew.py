"""Tiles and row blocks side by side: what shares points never overlaps, bits depend neither on who comes first nor on
how many threads there are, and neither faults, forks nor other threads of the user's are left waiting.
"""

import itertools
import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.streaming import crew, row_blocks, tiled
from alphadsl.backend.streaming.geometry import Tiling, tile_pairs
from alphadsl.ir.index_sets import INDEX_SETS

N, D, Q = 40, 8, 50
KINDS = ("infonce", "direct", "clip", "cauchy", "moco", "square", "supcon")
PLAIN = torch.empty(0)


@pytest.fixture(autouse=True)
def several_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """And the threads found, after a test that sets others."""
    monkeypatch.setattr(tiled, "SIDE", 11)
    monkeypatch.setattr(row_blocks, "ROW_BLOCK_PAIRS", 9 * N)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def step(name: str, seed: int = 0) -> tuple[Tensor, ...]:
    rng = torch.Generator().manual_seed(seed)
    z_VND = torch.randn(2, N, D, generator=rng).requires_grad_()
    further = {"labels": torch.arange(N) % 7, "queue": torch.randn(Q, D, generator=rng)}
    loss = alphadsl.load(name, backend="streaming", compile=False)
    value = loss(*z_VND, **{each: further[each] for each in loss.takes})
    return value.detach(), *torch.autograd.grad(value, [z_VND])


def same(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_bits_are_the_same_for_any_number_of_threads(name: str) -> None:
    found = []
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        found.append(step(name))
        assert torch.get_num_threads() == threads
    assert all(same(found[0], other) for other in found)


SETS = ("two_view", "same_view", "cross_view", "queue")
TILINGS = [tile_pairs(INDEX_SETS[pairs], 60, 70, mine, 16) for pairs in SETS for mine in ((0, 60), (13, 40))]


@pytest.mark.parametrize("tiling", TILINGS)
def test_tiles_that_add_to_the_same_points_follow_each_other(tiling: Tiling) -> None:
    torch.set_num_threads(3)
    times: dict[int, tuple[float, float]] = {}

    def visit(number: int) -> None:
        begun = time.perf_counter()
        time.sleep(0.0002 * (number % 3))
        times[number] = begun, time.perf_counter()

    crew.run_tasks(tiling.before, visit, PLAIN)
    assert len(times) == len(tiling.tiles)
    for a, b in itertools.combinations(range(len(tiling.tiles)), 2):
        if points(tiling, a) & points(tiling, b):
            assert times[a][1] <= times[b][0]


def points(tiling: Tiling, number: int) -> set[int]:
    return {point for side in tiling.tiles[number].pushed for point in range(*side)}


def test_tiles_can_be_done_side_by_side() -> None:
    """Of eight spans four pairs at a time; of a queue several rows of tiles."""
    torch.set_num_threads(3)
    together = threading.Barrier(3, timeout=30)
    for pairs in SETS:
        tiling = tile_pairs(INDEX_SETS[pairs], 512, 1024, (0, 512), 128)
        crew.run_tasks(tiling.before, lambda number: together.wait() and None if number < 3 else None, PLAIN)


@pytest.mark.parametrize("fault", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_what_a_task_raises_is_raised_here_and_nothing_more_is_begun(fault: BaseException) -> None:
    torch.set_num_threads(2)
    begun: list[int] = []

    def visit(number: int) -> None:
        begun.append(number)
        if number == 3:
            raise fault

    with pytest.raises(type(fault)):
        crew.run_tasks([(number - 1,) if number else () for number in range(9)], visit, PLAIN)
    assert begun == [0, 1, 2, 3]
    assert same(step("infonce"), step("infonce"))


def test_several_threads_of_the_user() -> None:
    expected = [step(name) for name in KINDS]
    with ThreadPoolExecutor(4) as users:
        for _ in range(3):
            assert all(map(same, users.map(step, KINDS), expected))


def test_without_gradients() -> None:
    loss = alphadsl.load("infonce", backend="streaming", compile=False)
    z_VND = torch.randn(2, N, D)
    expected = loss(*z_VND)
    with torch.inference_mode():
        assert torch.equal(loss(*z_VND), expected)
        assert torch.equal(loss(*z_VND.clone()), expected)


def value() -> float:
    """Without autograd, whose own threads no fork survives."""
    z_VND = torch.randn(2, N, D, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return float(alphadsl.load("infonce", backend="streaming", compile=False)(*z_VND))


def in_a_fork(connection: multiprocessing.connection.Connection) -> None:
    connection.send(value())


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_a_forked_process_has_a_crew_of_its_own() -> None:
    """Its parent has taken steps on one thread, as torch asks of those who fork; the crew of two has been at work."""
    torch.set_num_threads(2)
    crew.run_tasks([(), ()], lambda number: None, PLAIN)
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe()
    child = forking.Process(target=in_a_fork, args=(there,))
    child.start()
    assert here.poll(60)
    assert here.recv() == value()
    child.join()
