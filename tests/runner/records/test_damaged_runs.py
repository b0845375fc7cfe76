"""Files of a run that are damaged, cut short, of another program or of a newer version: one line, and nothing lost."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from alphadsl.report.exceptions import InputError
from runner.records.folder import RunFolder
from runner.records.metrics import cut_rows, read_rows
from runner.records.summary import read_groups
from runner.training.checkpoint import load_checkpoint, seal
from tests.runner.losses import PlainInfoNCE
from tests.runner.runs import make_run

CPU = torch.device("cpu")


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(content)


def start_of(path: Path, part: str) -> int:
    """Where the content of a part of a checkpoint begins, a little inside."""
    with zipfile.ZipFile(path) as parts:
        info = next(info for info in parts.infolist() if info.filename.endswith(part))
    content = path.read_bytes()
    extra = int.from_bytes(content[info.header_offset + 28 : info.header_offset + 30], "little")
    return info.header_offset + 30 + len(info.filename) + extra + 7


def save(path: Path, **changes: object) -> None:
    stored = torch.load(path, weights_only=True) | changes
    buffer = io.BytesIO()
    torch.save({name: value for name, value in stored.items() if value is not None}, buffer)
    path.write_bytes(seal(buffer.getvalue()))


CHECKPOINTS: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[:900]),
    "text": lambda path: path.write_text("weights"),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "bit of a weight": lambda path: flip(path, start_of(path, "/data/0")),
    "bit of the table": lambda path: flip(path, start_of(path, "data.pkl")),
    "bit of no part": lambda path: flip(path, start_of(path, "/version") + 9),
    "bit of the sum": lambda path: flip(path, -1),
    "a byte more": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "no sum": lambda path: torch.save(torch.load(path, weights_only=True), path),
    "a list": lambda path: torch.save([1, 2], path),
    "objects": lambda path: torch.save({"model": torch.nn.Linear(1, 1)}, path),
    "of another program": lambda path: torch.save({"state_dict": {"w": torch.ones(1)}, "epoch": 3}, path),
    "no optimizer": lambda path: save(path, optimizer=None),
    "no record": lambda path: save(path, record=None),
    "epoch of text": lambda path: save(path, epoch="three"),
    "negative step": lambda path: save(path, step=-1),
    "newer": lambda path: save(path, format=99),
}


@pytest.mark.parametrize("damage", CHECKPOINTS)
def test_a_checkpoint_that_cannot_be_trusted_is_refused_in_one_line(damage: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    CHECKPOINTS[damage](run.checkpoint)
    with pytest.raises(InputError, match=r"checkpoint\.pt") as refusal:
        load_checkpoint(run.checkpoint, CPU)
    told = refusal.value.message + refusal.value.help
    assert "\n" not in told
    assert not any(word in told for word in ("weights_only", "overwrite", "Delete", "Traceback", "PytorchStream"))
    assert ("newer" in told) == (damage == "newer")


RUNS: dict[str, tuple[Callable[[RunFolder], object], str]] = {
    "no probe": (lambda run: run.probe.unlink(), "was not probed"),
    "empty probe": (lambda run: run.probe.write_text(""), "damaged or not the file of a probe"),
    "list as probe": (lambda run: run.probe.write_text("[1, 2]"), "damaged or not the file of a probe"),
    "text as accuracy": (
        lambda run: edit(run.probe, test={"linear_last": "high"}),
        "damaged or not the file of a probe",
    ),
    "impossible accuracy": (
        lambda run: edit(run.probe, validation={"linear": 5.7e36, "best_epoch": 1, "knn_200": 0.5}),
        "damaged or not the file of a probe",
    ),
    "nothing measured": (lambda run: edit(run.probe, test=None, validation=None), "damaged or not the file of a probe"),
    "probe of another run": (lambda run: edit(run.probe, identity="0" * 64), "of another run"),
    "no metrics": (lambda run: run.metrics.unlink(), r"metrics.jsonl is missing"),
    "row cut in the middle": (lambda run: run.metrics.write_text('{"step": 1\n{"step": 2}\n'), "damaged in line 1"),
    "rows of text": (lambda run: run.metrics.write_text('{"step": "one"}\n'), "damaged in line 1"),
    "binary metrics": (lambda run: run.metrics.write_bytes(b"\xff\xfe\n"), "damaged in line 1"),
    "empty config": (lambda run: run.config.write_text(""), "damaged or not the file of a run"),
    "config of another program": (
        lambda run: run.config.write_text('{"hidden": 3}'),
        "damaged or not the file of a run",
    ),
    "no config": (lambda run: run.config.unlink(), "is missing"),
    "edited settings": (lambda run: edit_setting(run, lr=0.5), "of other settings"),
    "unknown setting": (lambda run: edit_setting(run, heads=4), "heads, which this alphadsl does not know"),
    "newer": (lambda run: edit(run.marker, format=99), "written by a newer alphadsl"),
    "empty marker": (lambda run: run.marker.write_text(""), "alphadsl-run.json is damaged"),
}


def edit_setting(run: RunFolder, **settings: object) -> None:
    edit(run.config, config=json.loads(run.config.read_text())["config"] | settings)


@pytest.mark.parametrize("damage", RUNS)
def test_one_bad_run_is_named_and_blocks_no_other(damage: str, tmp_path: Path) -> None:
    bad, good = make_run(tmp_path / "bad"), make_run(tmp_path / "good", PlainInfoNCE(name="mine"))
    harm, told = RUNS[damage]
    harm(bad)
    comparable = read_groups([bad, good])
    assert [group.label for group in comparable.groups] == ["mine"]
    (skipped,) = comparable.skipped
    assert skipped.folder == bad
    assert told in skipped.reason.message
    assert "overwrite" not in skipped.reason.help
    if damage in ("newer", "unknown setting", "no probe"):
        assert "damaged" not in skipped.reason.message


def test_somebody_else_s_folder_or_file_is_skipped(tmp_path: Path) -> None:
    good = make_run(tmp_path / "good")
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"hidden": 3}')
    (tmp_path / "picture.png").write_text("")
    comparable = read_groups([RunFolder(tmp_path / "bert"), good, RunFolder(tmp_path / "picture.png")])
    assert [len(group.runs) for group in comparable.groups] == [1]
    assert len(comparable.skipped) == 2


def test_a_run_of_an_earlier_version_is_compared_apart(tmp_path: Path) -> None:
    run, old = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    old.marker.unlink()
    stored = json.loads(old.config.read_text())
    old.config.write_text(json.dumps({name: stored[name] for name in ("loss", "values", "config")}))
    labels = [group.label for group in read_groups([run, old]).groups]
    assert labels == ["infonce", "infonce (of an earlier version)"]


def test_a_last_row_cut_short_is_normal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"ste')
    assert [row["step"] for row in read_rows(path)] == [1, 2]
    cut_rows(path, 12)
    assert path.read_text() == '{"step": 1}\n'
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("left", ["", '{"step": 1}\n', '{"step": 1}\n{"st'])
def test_lost_measurements_are_said(left: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(left)
    cut_rows(path, 24)
    assert path.read_text() == left[:12]
    assert "lost measurements" in capsys.readouterr().err.replace("\n", " ")


def test_a_damaged_row_can_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"st\n{"step": 3}\n')
    with pytest.raises(InputError, match="damaged in line 2") as refusal:
        read_rows(path)
    assert refusal.value.help == "Put a copy of it back, or delete the line."
    path.write_text('{"step": 1}\n{"step": 3}\n')
    assert [row["step"] for row in read_rows(path)] == [1, 3]
