"""Loggers: each gets the rows of a run and its probe, and none of them costs a run."""

import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer

from alphadsl import extras
from alphadsl.report.exceptions import InputError
from runner.experiment import Options, train_runs
from runner.plan import PlannedRun
from runner.records import boards
from runner.records.boards import TensorBoard
from runner.records.folder import BOARD, RunFolder
from runner.records.identity import RunRecord
from runner.records.metrics import read_rows
from runner.records.opening import IfExists
from runner.records.record import is_probed
from runner.settings.resolving import make_config
from tests.runner.conftest import SMALL
from tests.runner.losses import PlainInfoNCE

QUICK = SMALL | {"batch": 256, "epochs": 1}


@dataclass
class Fake:
    """A logger of Lightning that breaks after so many rows."""

    most: int = 10**6
    opened: list[str] = field(default_factory=list)
    rows: list[tuple[int, Mapping[str, float]]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    def log_metrics(self, numbers: Mapping[str, float], step: int) -> None:
        if len(self.rows) == self.most:
            raise ConnectionError("no route to host\nand more")
        self.rows.append((step, numbers))

    def save(self) -> None:
        """As Lightning's."""

    def finalize(self, status: str) -> None:
        self.ends.append(status)

    @property
    def experiment(self) -> "Fake":
        return self

    def finish(self, failed: bool) -> None:
        """As a run of Weights & Biases, which otherwise continues with the next run of the process."""
        self.ends.append(f"finished {failed}")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()

    def opened(run: RunFolder, record: RunRecord) -> Fake:
        fake.opened.append(record.run)
        return fake

    monkeypatch.setattr(boards, "_wandb", opened)
    monkeypatch.setattr(extras, "find_spec", lambda name: ModuleSpec(name, None, origin="here"))
    return fake


def trained(folder: Path, logger: str, options: Options | None = None, **settings: object) -> RunFolder:
    config = make_config("digits", logger=logger, **QUICK | settings)
    (run,) = train_runs([PlannedRun(PlainInfoNCE(), config, folder)], options or Options()).folders
    return run


def test_a_service_gets_every_row_and_the_probe_and_is_found_again(service: Fake, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", "wandb", Options(stop_after=1, probe=False), epochs=2)
    run = trained(tmp_path / "run", "wandb", Options(IfExists.RESUME), epochs=2)
    rows = read_rows(run.metrics)
    assert [step for step, _ in service.rows[: len(rows)]] == [row["step"] for row in rows]
    assert [numbers["loss"] for _, numbers in service.rows if "loss" in numbers] == [
        row["loss"] for row in rows if "loss" in row
    ]
    last, probed = service.rows[-1]
    assert last == rows[-1]["step"]
    assert probed["probe/test_linear_last"] > 0
    assert len(set(service.opened)) == 1
    assert service.ends == ["success", "finished False"] * 3
    assert not (run / BOARD).exists()


@pytest.mark.parametrize("writer", [0, 9])
def test_tensorboard_shows_the_rows_and_the_probe(writer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of writers 9 and 10 of a process in one second, of which TensorBoard reads the later first."""
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(writer))
    monkeypatch.setattr(event_file_writer, "time", SimpleNamespace(time=lambda: 1.8e9))
    run = trained(tmp_path / "run", "tensorboard")
    shown = EventAccumulator(str(run / BOARD)).Reload()
    losses = [row["loss"] for row in read_rows(run.metrics) if "loss" in row]
    assert [event.value for event in shown.Scalars("loss")] == pytest.approx(losses)
    assert shown.Scalars("probe/validation_linear")[0].value > 0


@pytest.mark.slow
def test_a_folder_that_vanishes_is_an_error_of_the_run_and_not_a_traceback_of_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    board = TensorBoard(RunFolder(tmp_path / "run"), None)
    shutil.rmtree(tmp_path / "run")

    def write_often() -> None:
        for step in range(1000):
            board.write({"loss": 0.0}, step)
            board.flush()

    with pytest.raises(FileNotFoundError):
        write_often()
    with suppress(FileNotFoundError):
        board.close(failed=True)
    assert reported == []
    other = threading.Thread(target=lambda: 1 // 0)
    other.start()
    other.join()
    assert [fault.exc_type for fault in reported] == [ZeroDivisionError]


def test_a_service_that_fails_costs_no_run(
    service: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service.most = 3
    run = trained(tmp_path / "run", "wandb,tensorboard")
    assert is_probed(run, 1, test=True)
    assert len(read_rows(run.metrics)) > len(service.rows) == 3
    told = capsys.readouterr().err
    assert "The logger wandb failed and is left out from here on; the run continues. (no route to host)" in told
    assert (run / BOARD).is_dir()


@pytest.mark.parametrize("text", ["wandby", "wandb,", "wandb,wandb", "none,wandb", ""])
def test_a_name_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="logger"):
        make_config("digits", logger=text)


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_logger_that_is_not_installed_is_refused_before_training(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(InputError) as refusal:
        trained(tmp_path / "run", name)
    told = f"The logger {name} needs packages that are not installed ({name}): pip install 'alphadsl[{name}]'"
    assert refusal.value.message == told
    assert not (tmp_path / "run").exists()
