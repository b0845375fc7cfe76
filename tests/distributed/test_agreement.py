"""Processes that share a batch agree on what it is before they exchange it: labels of any integers meet, and a part
that is refused is refused by all at once, where the others would wait for the time-out."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import alphadsl
from tests.distributed.world import in_processes

pytestmark = pytest.mark.slow
N, D = 4, 3
INTEGERS = (torch.int8, torch.uint8, torch.int16, torch.uint16, torch.int32, torch.uint32, torch.int64, torch.uint64)


def views(rank: int) -> Tensor:
    return torch.randn(2, N, D, generator=torch.Generator().manual_seed(rank), dtype=torch.float64)


def labelled(rank: int, world: int) -> list[float]:
    loss = alphadsl.load("supcon", compile=False)
    labels = torch.arange(N) % 2 + rank
    found = [loss(*views(rank), labels=labels.to(dtype)) for dtype in INTEGERS]
    found.append(loss(*views(rank), labels=labels.to(INTEGERS[rank])))
    return [value.item() for value in found]


def test_labels_of_any_integers_meet(tmp_path: Path) -> None:
    z_VND = torch.cat([views(0), views(1)], dim=1)
    labels = torch.cat([torch.arange(N) % 2, torch.arange(N) % 2 + 1])
    expected = alphadsl.load("supcon", compile=False)(*z_VND, labels=labels).item()
    for part in in_processes(2, tmp_path, labelled):
        torch.testing.assert_close(part, [expected] * (len(INTEGERS) + 1), rtol=1e-12, atol=0)


WRONG: dict[str, dict[str, Any]] = {
    "no samples": {"z0": torch.zeros(0, D, dtype=torch.float64), "z1": torch.zeros(0, D, dtype=torch.float64)},
    "unequal views": {"z1": torch.zeros(N + 1, D, dtype=torch.float64)},
    "no tensor": {"z0": [0.0]},
    "another width": {"z0": torch.ones(N, D + 1, dtype=torch.float64), "z1": torch.ones(N, D + 1, dtype=torch.float64)},
    "another dtype": {"z0": torch.ones(N, D), "z1": torch.ones(N, D)},
    "labels missing": {"labels": None},
    "too few labels": {"labels": torch.zeros(N - 1, dtype=torch.int64)},
    "broken labels": {"labels": torch.zeros(N)},
}


def wronged(rank: int, world: int) -> dict[str, str]:
    """The message in each process, for each mistake in process 1; a correct step afterwards works."""
    told = {}
    for name in ("infonce", "square", "supcon"):
        loss = alphadsl.load(name, compile=False)
        for wrong, part in WRONG.items():
            right = {"z0": views(rank)[0], "z1": views(rank)[1]} | ({"labels": torch.arange(N)} if loss.takes else {})
            given = {**right, **part} if rank == 1 else right
            if "labels" in wrong and not loss.takes:
                continue
            try:
                loss(**given)
            except alphadsl.InputError as refusal:
                told[f"{name} {wrong}"] = str(refusal)
            assert loss(**right).isfinite()
    return told


def test_a_wrong_part_is_refused_by_all(tmp_path: Path) -> None:
    other, wrong = in_processes(2, tmp_path, wronged)
    assert set(other) == set(wrong)
    assert len(wrong) == 2 * 5 + len(WRONG)
    for case, told in other.items():
        agreed = "another" in case
        assert told == wrong[case] if agreed else "process 1 refused its part" in told
        assert agreed or "process" not in wrong[case]
