"""Run folders: nothing but what the runner wrote is ever replaced or deleted, and no two processes share one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner.plan import plan_runs
from runner.records.finding import find_runs
from runner.records.folder import CONFIG as CONFIG_FILE
from runner.records.folder import FOLDERS, LOCK, MARKER, OURS, WRITTEN_ONCE, RunFolder, check_free_of_others, locked
from runner.records.opening import IfExists, check_run, open_run
from tests.runner.losses import PlainInfoNCE
from tests.runner.runs import CONFIG, DATA, make_run

IN_ORDER = (MARKER, *WRITTEN_ONCE, CONFIG_FILE)
"""The files of a new run, in the order in which they are written."""
HOLDS = """
import sys, time, filelock
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def train(path: Path, if_exists: IfExists) -> RunFolder:
    return open_run(path, PlainInfoNCE(), CONFIG, if_exists, DATA)


@pytest.mark.parametrize("if_exists", IfExists)
@pytest.mark.parametrize(
    "names",
    [["loss.py"], ["config.json", "model.safetensors"], ["config.json"], ["checkpoint.pt"], ["a/b.txt"], [".git/HEAD"]],
    ids=lambda names: names[-1],
)
def test_a_folder_of_somebody_else_s_is_not_written_to(names: list[str], if_exists: IfExists, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    before = contents(tmp_path)
    with pytest.raises(InputError, match="not empty and not a run"):
        train(tmp_path, if_exists)
    assert contents(tmp_path) == before
    assert find_runs([], tmp_path.parent) == []


@pytest.mark.parametrize("if_exists", IfExists)
@pytest.mark.parametrize("count", range(len(IN_ORDER)), ids=lambda count: IN_ORDER[count])
def test_a_start_that_was_killed_is_started_again(count: int, if_exists: IfExists, tmp_path: Path) -> None:
    """The kill came while one of the files was being written."""
    run = make_run(tmp_path / "a")
    whole = {name: (run / name).read_bytes() for name in IN_ORDER}
    for path in run.path.iterdir():
        if path.name not in IN_ORDER[:count]:
            path.unlink()
    (run / f".{IN_ORDER[count]}.0a1b2c3d.partial").write_bytes(whole[IN_ORDER[count]][:20])
    train(run.path, if_exists)
    assert sorted(path.name for path in run.path.iterdir()) == sorted(IN_ORDER)


def test_overwriting_leaves_what_the_runner_did_not_write(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    (run / "tensorboard").mkdir()
    for name in ("notes.txt", "model.safetensors", "tensorboard/mine", "checkpoint.pt.bak"):
        (run / name).write_text("mine")
    (run / "tensorboard" / "events.out.tfevents.1").write_text("ours")
    (run / ".checkpoint.pt.0a1b.partial").write_text("half")
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "best.pt").write_text("mine")
    for name in ("epoch-00002.pt", ".epoch-00004.pt.0a1b.partial"):
        (run / "checkpoints" / name).write_text("ours")
    train(run.path, IfExists.OVERWRITE)
    kept = {"notes.txt", "model.safetensors", "tensorboard/mine", "checkpoint.pt.bak", "checkpoints/best.pt"}
    begun = {MARKER, "config.json", "spec.alpha", "ir.json", "loss.py", "machine.json"}
    assert contents(run.path).keys() - {".lock"} == kept | begun


@pytest.mark.parametrize("if_exists", [IfExists.OVERWRITE, IfExists.RESUME])
@pytest.mark.parametrize("name", ["spec.alpha", "ir.json", "loss.py", "machine.json"])
def test_a_file_of_ours_that_was_edited_is_not_lost(name: str, if_exists: IfExists, tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    (run / name).write_text("edited")
    before = contents(run.path)
    with pytest.raises(InputError, match=f"{name} was changed after"):
        train(run.path, if_exists)
    assert contents(run.path) == before


@pytest.mark.parametrize("if_exists", [IfExists.OVERWRITE, IfExists.RESUME])
@pytest.mark.parametrize("name", [*OURS, *dict(FOLDERS)])
def test_links_in_place_of_our_files_are_not_followed(name: str, if_exists: IfExists, tmp_path: Path) -> None:
    run, target = make_run(tmp_path / "a"), tmp_path / "target"
    if name in dict(FOLDERS):
        target.mkdir()
    elif (run / name).exists():
        (run / name).rename(target)
    else:
        target.write_text("mine")
    (run / name).symlink_to(target)
    with pytest.raises(InputError, match=f"{name} is a link"):
        train(run.path, if_exists)
    assert target.exists()


def test_a_run_behind_a_link_is_a_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "scratch" / "a")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a").symlink_to(run.path)
    assert find_runs([], tmp_path / "runs") == [RunFolder(tmp_path / "runs" / "a")]
    train(tmp_path / "runs" / "a", IfExists.OVERWRITE)
    assert not run.checkpoint.exists()


def test_weights_without_a_configuration_are_nobody_s(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    run.config.unlink()
    for if_exists in (IfExists.REFUSE, IfExists.RESUME):
        with pytest.raises(InputError, match=r"lost its config\.json"):
            check_run(run.path, PlainInfoNCE(name="other"), CONFIG, if_exists, DATA)


def test_measurements_without_a_checkpoint_are_not_trained_over(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    run.checkpoint.unlink()
    with pytest.raises(InputError, match=r"checkpoint\.pt is missing, though .* has 2 rows"):
        train(run.path, IfExists.RESUME)


def test_a_run_of_an_earlier_version_is_left_alone(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    run.marker.unlink()
    for if_exists in IfExists:
        with pytest.raises(InputError, match="written by an earlier alphadsl"):
            train(run.path, if_exists)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/tmp/a", "../a", "a\\b", "a\nb", "a\0b", " a", "x" * 300, "ä" * 150], ids=repr
)
def test_a_name_is_one_folder(name: str) -> None:
    with pytest.raises(InputError) as refusal:
        plan_runs([PlainInfoNCE()], [CONFIG], Path("runs"), name, {})
    assert "\n" not in refusal.value.message
    assert len(refusal.value.message) < 200


def test_a_run_in_hand_is_another_s_until_that_process_ends(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(run / LOCK)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        before = contents(run.path)
        with pytest.raises(InputError, match=f"Another process is using the run {run.path}"), locked(run):
            pass
        with pytest.raises(InputError, match="Another process"):
            check_free_of_others(run)
        assert contents(run.path) == before
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    with locked(run):
        pass
