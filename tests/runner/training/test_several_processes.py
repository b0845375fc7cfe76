"""Several processes train as one does: the same slopes in the first step, the same losses at an equal global batch."""

import os
import signal
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import alphadsl
import runner.training.together as together_module
from alphadsl.report.exceptions import InputError
from runner.contract import check_shareable
from runner.experiment import Options, train_runs
from runner.network.normalisation import SharedBatchNorm
from runner.plan import PlannedRun, plan_runs
from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from runner.settings.config import ExperimentConfig
from runner.settings.effective import check_divisible
from runner.settings.resolving import make_config
from runner.training.fabric import make_fabric
from runner.training.together import SharedRefusal, check_alike, in_turns, led, together
from tests.distributed.world import in_processes
from tests.processes import SERVER
from tests.runner.losses import PlainInfoNCE
from tests.runner.training.shared import CASES, SMALL, as_started, courses, courses_of, free_port
from tests.runner.training.test_pretrain import measurements

pytestmark = pytest.mark.slow
TOLERANCES = {"64-true": (1e-12, 1e-10), "32-true": (1e-6, 1e-5)}
"""Of slopes and running statistics in the first step, and of the losses of six steps, by precision."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Tensor]]]:
    return courses(tmp_path_factory.mktemp("alone"))


@pytest.mark.parametrize("world", [2, 4])
def test_processes_train_as_one_does(
    world: int, alone: dict[str, dict[str, dict[str, Tensor]]], tmp_path: Path
) -> None:
    found = in_processes(world, tmp_path, courses_of, str(tmp_path))
    for case in CASES:
        expected, (first, later) = alone[case], TOLERANCES[CASES[case][1]]
        for course in (part[case] for part in found):
            for what in ("slopes", "buffers"):
                torch.testing.assert_close(course[what], expected[what], rtol=first, atol=first)
            assert course["losses"] == pytest.approx(expected["losses"], abs=later), case


CHANNELS, COUNT = 5, 12


def normalised(layer: nn.Module, x_BCX: Tensor) -> list[Tensor]:
    """Outputs, slopes and running statistics of a layer, for a loss that sees all of them unlike."""
    x_BCX = x_BCX.clone().requires_grad_()
    y_BCX = layer(x_BCX)
    (y_BCX.square() * x_BCX.detach().cos()).sum().backward()  # type: ignore[no-untyped-call]
    slopes = [weight.grad for weight in layer.parameters() if weight.grad is not None]
    assert x_BCX.grad is not None
    return [y_BCX.detach(), x_BCX.grad, *slopes, *layer.buffers()]


def images(shape: tuple[int, ...]) -> Tensor:
    return 3 + torch.randn(COUNT, CHANNELS, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def filled(layer: nn.Module) -> nn.Module:
    for index, weight in enumerate(layer.parameters()):
        nn.init.normal_(weight, mean=index, generator=torch.Generator().manual_seed(index))
    return layer.double()


def normalised_together(rank: int, world: int) -> list[list[Tensor]]:
    return [normalised(filled(SharedBatchNorm(CHANNELS)), images(shape)[rank::world]) for shape in ((), (4,), (3, 2))]


def test_batch_norm_is_that_of_the_whole_batch(tmp_path: Path) -> None:
    """Values and running statistics alike in all; slopes of weights add up."""
    plain = (nn.BatchNorm1d(CHANNELS), nn.BatchNorm1d(CHANNELS), nn.BatchNorm2d(CHANNELS))
    expected = [normalised(filled(layer), images(x)) for layer, x in zip(plain, ((), (4,), (3, 2)), strict=True)]
    for case, parts in zip(expected, zip(*in_processes(2, tmp_path, normalised_together), strict=True), strict=True):
        first, second = parts
        for place, whole in enumerate(case):
            mine, other = first[place], second[place]
            if place < 2:
                torch.testing.assert_close(torch.stack([mine, other], dim=1).flatten(0, 1), whole)
            elif place < 4:
                torch.testing.assert_close(mine + other, whole)
            else:
                torch.testing.assert_close(mine, whole)
                torch.testing.assert_close(other, whole)


def refused_somewhere(rank: int, world: int) -> list[str]:
    """The message in each process if one of them is refused, or all."""
    as_started(rank, world)

    def refuse() -> str:
        raise InputError(f"refused in {rank}", "help")

    def refuse_in_second() -> int:
        return int(refuse()) if rank == 1 else rank

    told = [f"{led(lambda: rank)} {together(lambda: rank)} {in_turns(lambda: rank)}"]
    for work in (lambda: led(refuse), lambda: together(refuse_in_second), lambda: in_turns(refuse_in_second)):
        with pytest.raises(SharedRefusal) as refusal:
            work()
        told.append(str(refusal.value))
    with pytest.raises(SharedRefusal) as refusal:
        check_alike("data", rank)
    return [*told, refusal.value.message, f"{led(lambda: rank)}"]


def test_a_refusal_in_one_process_is_that_of_all(tmp_path: Path) -> None:
    first, second = in_processes(2, tmp_path, refused_somewhere)
    assert (first[0], second[0]) == ("0 0 0", "0 1 1")
    assert first[1:] == second[1:]
    assert first[1:] == [
        "refused in 0 (help)",
        "Process 1: refused in 1 (help)",
        "Process 1: refused in 1 (help)",
        "Process 1 has different data from process 0: 1, not 0.",
        "0",
    ]


def test_processes_that_have_not_joined_are_refused(config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="2 processes were started, but only alphadsl train"):
        make_fabric(config)


@pytest.mark.parametrize(
    ("batch", "chunks", "remedy"), [(64, 1, "--batch 63"), (66, 3, "--batch 63"), (60, 5, "--batch 60")]
)
def test_a_batch_has_equal_parts(config: ExperimentConfig, batch: int, chunks: int, remedy: str) -> None:
    config = config.model_copy(update={"batch": batch, "cached_chunks": chunks})
    check_divisible(config, 1)
    if remedy.endswith(f" {batch}"):
        check_divisible(config, batch // chunks)
    with pytest.raises(InputError, match="does not divide equally among 7 processes"):
        check_divisible(config, 7)


def test_a_loss_of_one_process_is_refused_for_several() -> None:
    check_shareable(PlainInfoNCE(), 1)
    with pytest.raises(InputError, match="infonce does not see the negatives of other processes"):
        check_shareable(PlainInfoNCE(), 2)


def plan_of(root: Path, name: str) -> list[PlannedRun]:
    config = make_config("digits", **SMALL | {"batch": 256, "probe_epochs": 1})
    return plan_runs([alphadsl.load("infonce", compile=False)], [config], root, name, {})


def stopped_after_an_epoch(rank: int, world: int, root: str) -> list[str]:
    as_started(rank, world)
    outcome = train_runs(plan_of(Path(root), "shared"), Options(stop_after=1))
    return [folder.path.name for folder in outcome.folders]


def test_one_process_writes_and_another_number_of_them_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that two processes have begun is the one that one process ends, to rounding; it says so."""
    assert in_processes(2, tmp_path, stopped_after_an_epoch, str(tmp_path)) == [["shared"], ["shared"]]
    assert RunFolder(tmp_path / "shared").probe.exists()
    train_runs(plan_of(tmp_path, "shared"), Options(IfExists.RESUME, probe=False))
    assert "processes 2, now 1" in capsys.readouterr().err
    train_runs(plan_of(tmp_path, "alone"), Options(probe=False))
    shared, alone = (
        [row["loss"] for row in measurements(RunFolder(tmp_path / name)) if "loss" in row]
        for name in ("shared", "alone")
    )
    assert len(alone) == 2 * (1297 // 256)
    assert shared == pytest.approx(alone, abs=1e-5)


def failing(rank: int, world: int, port: int, kind: str, err: str) -> None:
    """Process 1 fails alone where the others wait for it."""
    as_started(rank, world)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo"}
    os.dup2(os.open(err, os.O_WRONLY | os.O_APPEND), 2)
    together_module.GRACE_SECONDS = 0.1
    with together_module.joined("cpu"):
        if rank == 1 and kind == "refused":
            raise InputError("the disk is full", "make room")
        if rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        led(lambda: rank)
        together(lambda: rank)


@pytest.mark.parametrize("kind", ["refused", "killed"])
def test_a_process_that_fails_alone_ends_all(tmp_path: Path, kind: str) -> None:
    err = tmp_path / "err"
    err.touch()
    port = free_port()
    processes = [SERVER.Process(target=failing, args=(rank, 2, port, kind, str(err))) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    told = err.read_text(encoding="utf-8")
    assert [process.exitcode for process in processes] == [1, 1 if kind == "refused" else -signal.SIGKILL], told
    assert "error: process 0: another process has ended unexpectedly" in told
    assert ("error: process 1: the disk is full\nhelp: make room\n" in told) == (kind == "refused")
    assert "Traceback" not in told


def trained_in_python(rank: int, world: int, port: int, root: str) -> None:
    """What a program that torchrun has started finds of its run, after the processes have parted."""
    as_started(rank, world)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo"}
    settings = SMALL | {"batch": 256, "epochs": 1, "probe_epochs": 1}
    run = alphadsl.train("infonce", "digits", runs_dir=root, name="shared", **settings)
    features = run.features(torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
    torch.save((run.epoch, dict(run.accuracies), features), Path(root, f"{rank}.pt"))


def test_each_process_of_a_program_has_the_run(tmp_path: Path) -> None:
    port = free_port()
    processes = [SERVER.Process(target=trained_in_python, args=(rank, 2, port, str(tmp_path))) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=False) for rank in range(2))
    assert first[0] == second[0] == 1
    assert first[1] == second[1]
    assert {"validation", "test", "untrained"} == first[1].keys()
    torch.testing.assert_close(first[2], second[2])
