"""Saving, and stopping at any step: a run that continues equals, bit for bit, one that never stopped."""

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from torch import Tensor

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder, refusal_of
from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from runner.training import keeping, saving
from runner.training.job import Job, TrainingState
from runner.training.recovery import go_back, load_last
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE, StopsAt
from tests.runner.records.test_damaged_runs import CHECKPOINTS, CPU
from tests.runner.training.test_pretrain import assert_same_run

STEPS = 12


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> RunFolder:
    """The run that never stops."""
    from runner.settings.resolving import make_config
    from tests.runner.conftest import SMALL

    laboratory = Laboratory(
        tmp_path_factory.mktemp("straight"), request.getfixturevalue("data"), make_config("digits", **SMALL)
    )
    return laboratory.train("straight", PlainInfoNCE())


@pytest.mark.slow
@pytest.mark.parametrize("save_every", ["1step", "5steps", "2epochs", "1h"])
def test_a_run_that_breaks_off_goes_on_from_its_last_checkpoint(
    save_every: str, laboratory: Laboratory, straight: RunFolder
) -> None:
    laboratory.config = laboratory.config.model_copy(update={"save_every": save_every})
    with pytest.raises(KeyboardInterrupt):
        laboratory.train("stopped", StopsAt(9, KeyboardInterrupt()))
    expected = {"1step": 8, "5steps": 5, "2epochs": 6, "1h": 0}
    assert load_last(RunFolder(laboratory.root / "stopped"), CPU).step == expected[save_every]
    assert_same_run(straight, laboratory.train("stopped", PlainInfoNCE(), IfExists.RESUME))


def test_minutes_are_counted_from_the_last_checkpoint(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock on which every step takes a minute."""
    saved: list[int] = []
    loss = StopsAt(1000, 1.0)

    def noting(job: Job, state: TrainingState) -> None:
        saved.append(state.step)
        state.saved = state.step

    monkeypatch.setattr(keeping, "monotonic", lambda: 60.0 * (1000 - loss.calls_left))
    monkeypatch.setattr(keeping, "keep", noting)
    laboratory.config = laboratory.config.model_copy(update={"save_every": "5min"})
    laboratory.train("run", loss)
    assert saved == [0, 5, 10, STEPS]


class Told(PlainInfoNCE):
    """InfoNCE during whose call the process is told to stop."""

    def __init__(self, call: int, number: int) -> None:
        super().__init__()
        self.calls_left, self.number = call, number

    def forward(self, z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        self.calls_left -= 1
        if self.calls_left == 0:
            signal.raise_signal(self.number)
        return super().forward(z0_ND, z1_ND)


class Obeyed(KeyboardInterrupt):
    """What the handler of the test raises."""


@pytest.fixture
def handled() -> Iterator[None]:
    def obey(number: int, _: FrameType | None) -> None:
        raise Obeyed(number)

    before = {number: signal.signal(number, obey) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    assert all(signal.getsignal(number) is obey for number in before)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handled")
@pytest.mark.parametrize(
    ("number", "step"), [(signal.SIGINT, 1), (signal.SIGTERM, 5), (signal.SIGHUP, 6), (signal.SIGTERM, STEPS)]
)
def test_a_signal_waits_for_the_end_of_the_step_and_loses_none(
    number: int, step: int, laboratory: Laboratory, straight: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Obeyed) as stop:
        laboratory.train("stopped", Told(step, number))
    assert stop.value.args == (number,)
    assert f"stopped is saved at step {step} of {STEPS}." in capsys.readouterr().err.replace("\n", " ")
    assert load_last(RunFolder(laboratory.root / "stopped"), CPU).step == step
    assert_same_run(straight, laboratory.train("stopped", PlainInfoNCE(), IfExists.RESUME))


@pytest.mark.usefixtures("handled")
def test_a_signal_while_an_epoch_is_measured_loses_nothing(
    laboratory: Laboratory, straight: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("runner.training.pretrain.observe", lambda job, state: signal.raise_signal(signal.SIGTERM))
        with pytest.raises(Obeyed):
            laboratory.train("stopped", PlainInfoNCE())
    found = load_last(RunFolder(laboratory.root / "stopped"), CPU)
    assert (found.epoch, found.step) == (0, 3)
    assert_same_run(straight, laboratory.train("stopped", PlainInfoNCE(), IfExists.RESUME))


def test_a_signal_that_is_ignored_stays_so(laboratory: Laboratory, straight: RunFolder) -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert_same_run(straight, laboratory.train("whole", Told(5, signal.SIGHUP)))
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("keep_last", "kept"), [(1, []), (2, [9]), (4, [9, 6, 3])])
def test_the_last_checkpoints_are_kept(keep_last: int, kept: list[int], laboratory: Laboratory) -> None:
    laboratory.config = laboratory.config.model_copy(update={"keep_last": keep_last})
    run = laboratory.train("run", PlainInfoNCE())
    assert [int(path.stem.removeprefix("step-")) for path in run.earlier_checkpoints] == kept


class Moving(PlainInfoNCE):
    """InfoNCE during whose call a folder goes elsewhere."""

    def __init__(self, call: int, path: Path) -> None:
        super().__init__()
        self.calls_left, self.path = call, path

    def forward(self, z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        self.calls_left -= 1
        if self.calls_left == 0:
            self.path.rename(self.path.with_name("elsewhere"))
        return super().forward(z0_ND, z1_ND)


# TensorBoard's thread ends with the folder.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("logger", ["tensorboard", "none"])
def test_a_run_folder_that_was_moved_is_said_and_continued_from_its_last_checkpoint(
    logger: str, laboratory: Laboratory, straight: RunFolder
) -> None:
    laboratory.config = laboratory.config.model_copy(update={"logger": logger})
    path = laboratory.root / "run"
    with pytest.raises(InputError, match="has vanished or was moved, before step") as refusal:
        laboratory.train("run", Moving(5, path))
    assert "continues from step 3" in refusal.value.help
    (laboratory.root / "elsewhere").rename(path)
    assert_same_run(straight, laboratory.train("run", PlainInfoNCE(), IfExists.RESUME))


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EFBIG])
@pytest.mark.parametrize("call", ["keep_as", "save_checkpoint"])
def test_a_disk_that_refuses_loses_nothing(
    fault: int, call: str, laboratory: Laboratory, straight: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the checkpoint before is kept, or the next is written."""
    whole, left = getattr(saving, call), [2]

    def failing(*given: object) -> None:
        left[0] -= 1
        if not left[0]:
            raise refusal_of(OSError(fault, os.strerror(fault)), laboratory.root / "run" / "checkpoint.pt", "written")
        whole(*given)

    with monkeypatch.context() as patch:
        patch.setattr(saving, call, failing)
        with pytest.raises(InputError, match=os.strerror(fault)) as refusal:
            laboratory.train("run", PlainInfoNCE())
    assert "--resume" in refusal.value.help
    assert_same_run(straight, laboratory.train("run", PlainInfoNCE(), IfExists.RESUME))


def damaged_run(laboratory: Laboratory, damage: str) -> RunFolder:
    """A run in its third epoch, whose last checkpoint has come to harm."""
    laboratory.config = laboratory.config.model_copy(update={"save_every": "1step"})
    run = RunFolder(laboratory.root / "damaged")
    with pytest.raises(KeyboardInterrupt):
        laboratory.train("damaged", StopsAt(9, KeyboardInterrupt()))
    CHECKPOINTS[damage](run.checkpoint)
    return run


@pytest.mark.parametrize("damage", ["missing", "half", "bit of a weight", "newer"])
def test_the_last_good_checkpoint_is_named_and_gone_on_from(
    damage: str, laboratory: Laboratory, straight: RunFolder
) -> None:
    run = damaged_run(laboratory, damage)
    earlier = run.earlier_checkpoint(7)
    before = run.checkpoint.read_bytes() if run.checkpoint.is_file() else None
    with pytest.raises(InputError) as refusal:
        laboratory.train("damaged", PlainInfoNCE(), IfExists.RESUME)
    told = f"{refusal.value.message} {refusal.value.help}"
    assert "--resume-last-good" in told
    assert "\n" not in told
    assert damage == "missing" or f"The last good one is {earlier}, of step 7." in told
    go_back(run)
    assert load_last(run, CPU).step == 7
    if before is not None:
        assert (run / "checkpoint.pt.damaged").read_bytes() == before
    assert_same_run(straight, laboratory.train("damaged", PlainInfoNCE(), IfExists.RESUME_LAST_GOOD))


def test_damage_to_all_of_them_is_said(laboratory: Laboratory) -> None:
    run = damaged_run(laboratory, "half")
    for path in run.earlier_checkpoints:
        path.write_bytes(b"")
    with pytest.raises(InputError, match="has no good checkpoint"):
        go_back(run)
    assert run.checkpoint.is_file()


def test_a_good_run_has_nowhere_to_go_back_to(laboratory: Laboratory) -> None:
    run = laboratory.train("run", PlainInfoNCE())
    before = run.checkpoint.read_bytes()
    go_back(run)
    assert run.checkpoint.read_bytes() == before
    go_back(RunFolder(make_empty(laboratory.root / "empty")))


def make_empty(path: Path) -> Path:
    make_folder(path)
    return path
