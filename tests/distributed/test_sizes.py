"""The number of samples of each process is exchanged once, and again when one changes; a process that evaluates, alone
or not, waits for nobody.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
from torch import Tensor

import alphadsl
from tests.distributed.world import in_processes

D = 4
LOSSES = ("infonce", "square", "supcon", "moco", "triplet")
# Samples of each process, step by step: as before, on one process alone, on all at once, and back.
SIZES = ((6, 6), (6, 6), (6, 3), (6, 3), (2, 3), (2, 3), (6, 6), (5, 6), (6, 5))


def batch(step: int) -> tuple[Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(step)
    z_VND = torch.randn(2, 12, D, dtype=torch.float64, generator=rng)
    return z_VND, torch.arange(12) % 3, torch.randn(7, D, dtype=torch.float64, generator=rng)


def part(step: int, name: str, mine: slice) -> dict[str, Tensor]:
    z_VND, labels_N, queue_QD = batch(step)
    z0_ND, z1_ND = z_VND[:, mine]
    further = {"labels": labels_N[mine], "queue": queue_QD}
    return {"z0": z0_ND, "z1": z1_ND} | {key: further[key] for key in alphadsl.load(name).takes}


def stepped(rank: int, world: int) -> list[float]:
    values = []
    losses = [alphadsl.load(name, compile=False) for name in LOSSES]
    for step, sizes in enumerate(SIZES):
        start = sum(sizes[:rank])
        values += [loss(**part(step, loss.name, slice(start, start + sizes[rank]))).item() for loss in losses]
    return values


@pytest.mark.slow
def test_sizes_may_change_on_any_process(tmp_path: Path) -> None:
    losses = [alphadsl.load(name, compile=False) for name in LOSSES]
    expected = [
        loss(**part(step, loss.name, slice(sum(sizes)))).item() for step, sizes in enumerate(SIZES) for loss in losses
    ]
    for values in in_processes(2, tmp_path, stepped):
        assert values == pytest.approx(expected, rel=1e-12)


def counted(rank: int, world: int) -> list[Counter[str]]:
    """The calls of each step that exchange something."""
    counts: list[Counter[str]] = []
    for name in ("all_reduce", "all_gather"):
        exchange = getattr(torch.distributed, name)

        def noted(*given: Any, name: str = name, exchange: Any = exchange, **options: Any) -> Any:
            counts[-1][name] += 1
            return exchange(*given, **options)

        setattr(torch.distributed, name, noted)
    loss = alphadsl.load("infonce", compile=False)
    for _ in range(4):
        counts.append(Counter())
        loss(*torch.randn(2, 5, D).requires_grad_())
    return counts


def test_sizes_are_told_once(tmp_path: Path) -> None:
    for first, *others in in_processes(2, tmp_path, counted):
        assert others == [others[0]] * 3
        assert first["all_gather"] == others[0]["all_gather"]
        assert first["all_reduce"] == others[0]["all_reduce"] + 1


def evaluated(rank: int, world: int) -> list[float]:
    """Process 0 evaluates in ways that the other takes no part in; then both train."""
    loss, z_VND = alphadsl.load("infonce", compile=False), batch(rank)[0].requires_grad_()
    values = [loss(*z_VND).item()]
    if rank == 0:
        values.append(loss.eval()(*z_VND).item())
        loss.train()
        with torch.no_grad():
            values.append(loss(*z_VND).item())
        with torch.inference_mode():
            values.append(loss(*z_VND.detach()).item())
    torch.distributed.barrier()
    return [*values, loss(*z_VND).item()]


def test_one_process_evaluates_alone(tmp_path: Path) -> None:
    (together, *alone, again), (other, other_again) = in_processes(2, tmp_path, evaluated)
    own = alphadsl.load("infonce", compile=False)(*batch(0)[0]).item()
    assert alone == pytest.approx([own] * 3, rel=1e-12)
    assert together == again == other == other_again != own


def declining(rank: int, world: int) -> list[str]:
    """After sizes are agreed, process 1 has nothing to give; then all is as before."""
    told = []
    for name in LOSSES:
        loss = alphadsl.load(name, compile=False)
        right = part(0, name, slice(6 * rank, 6 * rank + 6))
        before = loss(**right).item()
        try:
            loss(**right | ({"z0": None} if rank == 1 else {}))
        except alphadsl.InputError as refusal:
            told.append(str(refusal))
        assert loss(**right).item() == before
    return told


def test_a_refusal_after_an_agreement_reaches_all(tmp_path: Path) -> None:
    other, wrong = in_processes(2, tmp_path, declining)
    assert len(other) == len(wrong) == len(LOSSES)
    assert all("process 1 refused its part" in told for told in other)
    assert all("z0 must be" in told for told in wrong)
