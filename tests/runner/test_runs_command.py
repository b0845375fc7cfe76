"""`runs` as it is typed: every way a run can stand, what is shown of it, and what is removed."""

import json
import os
import shlex
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from alphadsl.cli import experiment, runs
from alphadsl.report.exceptions import InputError
from runner.experiment import Options, train_runs
from runner.overview import STALE, look_at_run, look_closely
from runner.plan import PlannedRun
from runner.records.folder import MARKER, RunFolder, locked
from runner.records.identity import RunRecord
from runner.records.opening import IfExists
from runner.records.status import Status
from runner.settings.resolving import make_config
from tests.runner.losses import PlainInfoNCE, StopsAt
from tests.runner.runs import CONFIG, make_run

app = typer.Typer()
app.add_typer(runs.app, name="runs")
app.command()(experiment.train)
QUICK = ["--width", "2", "--batch", "512", "--device", "cpu", "--no-probe"]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def typed(*words: str, answer: str | None = None, code: int = 0) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False, input=answer)
    assert result.exit_code == code, result.output
    return result.stdout


def listed(*words: str) -> dict[str, str]:
    return {Path(row["run"]).name: row["state"] for row in json.loads(typed("runs", "--json", *words))}


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def of_another_run(run: RunFolder) -> None:
    run.config.write_text(json.dumps(json.loads(run.config.read_text()) | {"run": "other"}))


def end(run: RunFolder) -> None:
    (run / "ended.json").write_text(json.dumps({"reason": "The loss is nan at step 3.", "help": ""}))


STANDINGS: dict[str, tuple[Status, Callable[[RunFolder], object]]] = {
    "whole": (Status.DONE, lambda run: None),
    "without a probe": (Status.NOT_PROBED, lambda run: run.probe.unlink()),
    "with a damaged probe": (Status.NOT_PROBED, lambda run: run.probe.write_text("{")),
    "with an end": (Status.DIVERGED, end),
    "with a damaged end": (Status.DAMAGED, lambda run: (run / "ended.json").write_text("{")),
    "not begun": (Status.STOPPED, lambda run: [(run / name).unlink() for name in ("metrics.jsonl", "checkpoint.pt")]),
    "config": (Status.DAMAGED, lambda run: run.config.write_bytes(b"\xff{")),
    "config of another": (Status.DAMAGED, of_another_run),
    "no config": (Status.DAMAGED, lambda run: run.config.unlink()),
    "config is a folder": (Status.DAMAGED, lambda run: (run.config.unlink(), run.config.mkdir())),
    "marker": (Status.DAMAGED, lambda run: run.marker.write_text("")),
    "newer": (Status.DAMAGED, lambda run: run.marker.write_text(run.marker.read_text().replace("2", "9", 1))),
    "metrics": (Status.DAMAGED, lambda run: run.metrics.write_text("junk\n")),
    "metrics without end": (Status.STOPPED, lambda run: run.metrics.write_text('{"step": 1, "epoch": Infinity}\n')),
    "checkpoint cut short": (Status.DAMAGED, lambda run: truncate(run.checkpoint)),
    "checkpoint lost": (Status.DAMAGED, lambda run: run.checkpoint.unlink()),
}


@pytest.mark.parametrize("how", STANDINGS)
def test_every_way_a_run_can_stand_is_a_row(how: str) -> None:
    status, change = STANDINGS[how]
    make_run(Path("runs/other"))
    run = make_run(Path("runs/a"))
    if how == "not begun":
        run.probe.unlink()
    change(run)
    assert listed() == {"a": status, "other": Status.DONE}
    told, shown = typed("runs"), typed("runs", "show", "a")
    assert str(status) in told
    assert str(status) in shown
    row = look_at_run(run)
    assert (row.reason is not None) == (status in (Status.DAMAGED, Status.DIVERGED, Status.NOT_PROBED))
    if row.reason is not None:
        assert row.reason.message in shown


def test_a_run_at_work_is_running_and_is_not_removed() -> None:
    run = make_run(Path("runs/a"), epoch=1)
    before = sorted(run.path.iterdir())
    with locked(run):
        assert listed() == {"a": Status.RUNNING}
        with pytest.raises(InputError, match="Another process is using"):
            typed("runs", "remove", "a", "--yes")
    assert listed() == {"a": Status.STOPPED}
    assert {*before} <= {*run.path.iterdir()}


def test_a_table_has_what_was_measured() -> None:
    make_run(Path("runs/a"))
    line = next(line for line in typed("runs").splitlines() if " a " in line)
    told, age, unit, state = line.strip().rsplit(maxsplit=3)
    assert told.split() == ["a", "digits", "infonce", "tau=0.2", "0", "2/2", "50.0", "62.5", "50.0"]
    assert (age.isdigit(), unit, state) == (True, "s", "done")


def test_runs_are_filtered() -> None:
    make_run(Path("runs/first"))
    make_run(Path("runs/second"), PlainInfoNCE(name="mine"), epoch=1)
    (make_run(Path("runs/third"), config=make_config("cifar10", epochs=2)).config).write_text("{")
    assert listed("--loss", "mine") == {"second": "stopped"}
    assert listed("--name", "*s*") == {"first": "done", "second": "stopped"}
    assert listed("--dataset", "digits", "--state", "done") == {"first": "done"}
    assert listed("--state", "damaged") == {"third": "damaged"}
    assert listed("--dataset", "cifar10") == {}
    assert typed("runs", "--loss", "other") == ""
    with pytest.raises(InputError, match="cannot be 'stoped'"):
        typed("runs", "--state", "stoped")


@pytest.mark.parametrize("option", [["--runs-dir", "runs"], ["--state", "done"], ["--json"]])
def test_an_option_that_would_be_lost_is_refused(option: list[str]) -> None:
    make_run(Path("runs/a"))
    with pytest.raises(InputError, match=f"{option[0]} before show has no effect"):
        typed("runs", *option, "show", "a")


def test_a_stopped_run_that_nobody_goes_on_with_is_stale() -> None:
    for name, epoch in (("done", 2), ("left", 1)):
        run = make_run(Path("runs") / name, epoch=epoch)
        for path in run.path.iterdir():
            os.utime(path, (time.time() - STALE - 60,) * 2)
    make_run(Path("runs/new"), epoch=1)
    assert listed("--state", "stale") == {"left": "stopped"}
    assert "stopped, stale" in typed("runs")


def test_a_bit_of_a_checkpoint_is_looked_at_by_show() -> None:
    run = make_run(Path("runs/a"))
    content = bytearray(run.checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    run.checkpoint.write_bytes(content)
    (run / "checkpoints").mkdir()
    shutil.copy(run.checkpoint, run.earlier_checkpoint(1))
    assert look_closely(run).status is Status.DAMAGED
    assert typed("runs", "show", "a").splitlines()[-1].endswith("--resume-last-good")


def test_what_show_says_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    build = experiment.build
    monkeypatch.setattr(experiment, "build", lambda text, how, *given: build(text, replace(how, compile=False), *given))
    start = ["infonce", "--set", "tau=0.3", *QUICK, "--epochs", "2", "--stop-after", "1"]
    typed("train", *start)
    (name,) = listed("--state", "stopped")
    shown = typed("runs", "show", name)
    assert "tau = 0.3" in shown
    assert "width 2" in shown
    words = shlex.split(shown.splitlines()[-1].removeprefix("next"))
    assert words[:2] == ["alphadsl", "train"]
    typed(*words[1:], "--no-probe")
    assert listed() == {name: "not probed"}


def test_a_run_that_diverged_says_so_until_it_is_trained_again() -> None:
    config = make_config("digits", width=2, batch=512, epochs=1, device="cpu")
    planned = PlannedRun(StopsAt(2, float("nan")), config, Path("runs/a"))
    assert train_runs([planned], Options(probe=False)).failures[0].what == "diverged"
    assert listed() == {"a": "diverged"}
    assert "is nan at step 2" in typed("runs", "show", "a")
    assert "--lr 0.005" in typed("runs", "show", "a").splitlines()[-1]
    train_runs([PlannedRun(PlainInfoNCE(), config, Path("runs/a"))], Options(IfExists.RESUME, probe=False))
    assert listed() == {"a": "not probed"}


def test_removing_asks_first() -> None:
    run = make_run(Path("runs/a"))
    assert typed("runs", "remove", "a", answer="n\n", code=1).strip() == "n"
    assert "removed" not in typed("runs", "remove", "a", answer="", code=1)
    assert look_closely(run).status is Status.DONE
    assert typed("runs", "remove", "a", answer="y\n").endswith("removed runs/a\n")
    assert not run.path.exists()


def test_removing_leaves_what_the_runner_did_not_write() -> None:
    run, other = make_run(Path("runs/a")), make_run(Path("runs/b"))
    (run / "notes.txt").write_text("mine")
    (run / "tensorboard").mkdir()
    (run / "tensorboard" / "mine").write_text("mine")
    Path("runs/link").symlink_to(other.path.resolve())
    result = CliRunner().invoke(app, ["runs", "remove", "a", "link", "link", "--yes"], catch_exceptions=False)
    assert result.stdout == "removed runs/a\nremoved runs/link\n"
    for path in ("runs/a/notes.txt", "runs/a/tensorboard", "runs/link"):
        assert f"{path} was not written by the runner, and stays." in result.stderr
    assert {path.name for path in run.path.iterdir()} == {"notes.txt", "tensorboard"}
    assert not other.path.exists()


REFUSED: dict[str, Callable[[RunFolder], object]] = {
    "edited": lambda run: (run / "loss.py").write_text("mine"),
    "linked": lambda run: (run.probe.rename("elsewhere"), run.probe.symlink_to(Path("elsewhere").resolve())),
    "foreign": lambda run: [path.unlink() for path in run.path.iterdir() if path.name in (MARKER, "config.json")],
    "earlier": lambda run: run.marker.unlink(),
    "marker": lambda run: run.marker.write_text("{"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_is_not_ours_to_remove_stops_all_of_it(how: str) -> None:
    first, run = make_run(Path("runs/a")), make_run(Path("runs/b"))
    REFUSED[how](run)
    before = sorted(path.name for path in run.path.iterdir())
    with pytest.raises(InputError):
        typed("runs", "remove", "a", "b", "--yes")
    assert sorted(path.name for path in run.path.iterdir()) == before
    assert look_at_run(first).status is Status.DONE


def test_a_damaged_run_can_be_removed() -> None:
    run = make_run(Path("runs/a"))
    run.config.write_text("{")
    typed("runs", "remove", "a", "--yes")
    assert not run.path.exists()


def test_without_runs_there_is_nothing_to_list() -> None:
    assert typed("runs") == ""
    assert json.loads(typed("runs", "--json")) == []


def test_json_has_the_record() -> None:
    make_run(Path("runs/a"))
    (row,) = json.loads(typed("runs", "--json"))
    assert RunRecord.model_validate(row["record"]).config == CONFIG
    assert (row["epoch"], row["knn"], row["validation"], row["test"]) == (2, 0.5, 0.625, 0.5)
