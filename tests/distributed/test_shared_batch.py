"""A batch shared by processes has the loss and the gradient of one process that holds it all, for any number of them
and whatever each holds; under DDP and under a trainer that sums.

Gloo on the CPU; the processes of one test are started once for all its losses.
"""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

import alphadsl
from tests.backend.test_decided_once import MULTIPLY, source, uneven
from tests.distributed.world import in_processes

pytestmark = pytest.mark.slow
N, D = 13, 6
UNEQUAL = {1: (0, 13), 2: (0, 5, 13), 4: (0, 3, 5, 9, 13)}
EQUAL = {2: (0, 6, 12), 4: (0, 3, 6, 9, 12)}
EVERY_KIND = (
    *("infonce", "direct", "triplet", "infonce_direct_path", "align_uniform", "cacr", "clip", "siglip", "moco"),
    *(
        "n_pairs",
        "cauchy",
        "kcl_riesz",
        "spectral",
        "macl",
        "dclw",
        "square",
        "entmax",
        "blend",
        "supcon",
        "eps_supinfonce",
    ),
)


def batch() -> tuple[Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    z_VND = torch.randn(2, N, D, dtype=torch.float64, generator=rng)
    return z_VND, torch.arange(N) % 3, torch.randn(7, D, dtype=torch.float64, generator=rng)


def part_of(rank: int, ends: tuple[int, ...], names: tuple[str, ...], ranks: str) -> dict[str, list[Tensor]]:
    """Value, gradient on the samples of a process, and slopes of what is learned, by loss."""
    z_VND, labels, queue = batch()
    mine = slice(ends[rank], ends[rank + 1])
    found = {}
    for name in names:
        loss = alphadsl.load(name, compile=False, ranks=ranks)  # type: ignore[arg-type]
        leaf_VND = z_VND[:, mine].clone().requires_grad_()
        further = {"labels": labels[mine], "queue": queue}
        value = loss(*leaf_VND, **{each: further[each] for each in loss.takes})
        gradients = torch.autograd.grad(value, [leaf_VND, *loss.parameters()])
        found[name] = [each.detach().clone() for each in (value, *gradients)]
    return found


def work(rank: int, world: int, ranks: str) -> dict[str, list[Tensor]]:
    return part_of(rank, UNEQUAL[world], EVERY_KIND, ranks)


@pytest.mark.parametrize("world", [2, 4])
def test_summed_gradients_are_those_of_one_process(world: int, tmp_path: Path) -> None:
    expected = part_of(0, UNEQUAL[1], EVERY_KIND, "sum")
    found = in_processes(world, tmp_path, work, "sum")
    for name, (value, gradient_VND, *slopes) in expected.items():
        for part in found:
            torch.testing.assert_close(part[name][0], value, rtol=1e-12, atol=1e-12, msg=name)
        shared_VND = torch.cat([part[name][1] for part in found], dim=1)
        scale = float(gradient_VND.abs().max())
        torch.testing.assert_close(shared_VND, gradient_VND, rtol=0, atol=1e-12 * scale, msg=name)
        for place, slope in enumerate(slopes, 2):
            torch.testing.assert_close(sum(part[name][place] for part in found), slope, rtol=1e-9, atol=1e-12)


def trained(rank: int, world: int, ends: tuple[int, ...]) -> list[Tensor]:
    """Weights of an encoder, and a learned temperature, after three steps of DDP."""
    torch.manual_seed(0)
    z_VND = batch()[0][:, :12].float()
    loss = alphadsl.load("clip", compile=False)
    encoder: torch.nn.Module = torch.nn.Linear(D, D)
    encoder = DistributedDataParallel(encoder) if world > 1 else encoder
    optimizer = torch.optim.SGD([*encoder.parameters(), *loss.parameters()], lr=0.5)
    x_VND = z_VND[:, ends[rank] : ends[rank + 1]]
    for _ in range(3):
        optimizer.zero_grad()
        loss(*encoder(x_VND.flatten(0, 1)).view_as(x_VND)).backward()
        optimizer.step()
    return [each.detach().clone() for each in (*encoder.parameters(), *loss.parameters())]


def train(rank: int, world: int) -> list[Tensor]:
    return trained(rank, world, EQUAL[world])


@pytest.mark.parametrize("world", [2, 4])
def test_training_under_ddp_is_that_of_one_process(world: int, tmp_path: Path) -> None:
    expected = trained(0, 1, (0, 12))
    for found in in_processes(world, tmp_path, train):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def each_alone(rank: int, world: int) -> dict[str, list[Tensor]]:
    return part_of(rank, UNEQUAL[world], ("infonce", "square"), "alone")


def test_alone_each_process_has_the_loss_of_its_own_batch(tmp_path: Path) -> None:
    for rank, found in enumerate(in_processes(2, tmp_path, each_alone)):
        expected = part_of(rank, UNEQUAL[2], ("infonce", "square"), "alone")
        torch.testing.assert_close(found, expected)


def one_sample_each(rank: int, world: int) -> Tensor:
    """No process has a negative of its own, and together they do."""
    z_VND = batch()[0][:, rank : rank + 1]
    value: Tensor = alphadsl.load("infonce", compile=False)(*z_VND)
    return value


def test_one_sample_in_each_process(tmp_path: Path) -> None:
    z_VND = batch()[0][:, :2]
    expected = alphadsl.load("infonce", compile=False)(*z_VND)
    for found in in_processes(2, tmp_path, one_sample_each):
        torch.testing.assert_close(found, expected)


def interpreted(rank: int, world: int) -> str:
    z_VND = batch()[0][:, UNEQUAL[2][rank] : UNEQUAL[2][rank + 1]]
    try:
        alphadsl.load("infonce", backend="interpreter")(*z_VND)
    except alphadsl.InputError as refusal:
        return str(refusal)
    return ""


def test_interpreter_is_refused(tmp_path: Path) -> None:
    assert all("the interpreter knows one process only" in told for told in in_processes(2, tmp_path, interpreted))


SELECTING = (
    ("max_j(s[i,j]) - s[i]", "sphere"),
    ("sum_j(where(s[i,j] >= max_j(s[i,j]), s[i,j], 0)) - min_j(s[i,j])", "sphere"),
    ("max_j(-d[i,j]^2) + d[i]^2", "euclidean"),
)


def selected(rank: int, world: int) -> list[Tensor]:
    """Gradients of losses that select among pairs, by products whose rounding depends on which point comes first."""
    torch.mm = uneven
    gradients = []
    for body, space in SELECTING:
        for pairs in ("two_view", "same_view", "cross_view"):
            loss = alphadsl.loads(source(pairs, space, body), compile=False, backend="streaming", ranks="sum")
            leaf_VND = batch()[0][:, slice(*UNEQUAL[world][rank : rank + 2])].clone().requires_grad_()
            gradients += torch.autograd.grad(loss(*leaf_VND), [leaf_VND])
    return gradients


def test_processes_decide_by_their_own_products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "mm", MULTIPLY)
    expected = selected(0, 1)
    for whole_VND, *parts in zip(expected, *in_processes(2, tmp_path, selected), strict=True):
        torch.testing.assert_close(
            torch.cat(parts, dim=1), whole_VND, rtol=0, atol=1e-11 * float(whole_VND.abs().max())
        )
