"""Any file of a run damaged in any way, under every command that reads runs: one line names it, and nothing is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alphadsl.cli.main import app
from alphadsl.report.exceptions import InputError

SETTINGS = ["--epochs", "1", "--probe-epochs", "1", "--device", "cpu", "--batch", "512", "--width", "2"]
TRAIN = ["train", "infonce", "--name", "mine", *SETTINGS]
COMMANDS = {
    "train --resume": [*TRAIN, "--no-probe", "--resume"],
    "train --resume-last-good": [*TRAIN, "--no-probe", "--resume-last-good"],
    "probe": ["probe", "mine"],
    "compare": ["compare", "mine", "--no-embeddings"],
    "runs": ["runs"],
    "runs show": ["runs", "show", "mine"],
}
FILES = (
    *("alphadsl-run.json", "config.json", "metrics.jsonl", "checkpoint.pt", "probe.json", "spec.alpha", "ir.json"),
    *("loss.py", "machine.json", "ended.json", "checkpoints", "tensorboard"),
)


def a_folder(path: Path) -> None:
    remove(path)
    path.mkdir()


def a_loop(path: Path) -> None:
    """What cannot be read, whoever reads: permissions do not stop root."""
    remove(path)
    path.symlink_to(path.name)


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def written(content: bytes) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        remove(path)
        path.write_bytes(content)

    return harm


def half(path: Path) -> None:
    written(path.read_bytes()[: path.stat().st_size // 2] if path.is_file() else b"half")(path)


HARMS: dict[str, Callable[[Path], None]] = {
    "missing": remove,
    "empty": written(b""),
    "half": half,
    "garbage": written(b"\x00\xff\xfe garbage\r\n" * 40),
    "deep": written(b"[" * 100_000),
    "of another version": written(b'{"written_by": "alphadsl", "format": 99, "run": "mine", "files": {}}'),
    "a list": written(b"[1, 2, NaN]\n"),
    "a folder": a_folder,
    "a loop": a_loop,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run that was trained and probed."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        done = CliRunner().invoke(app, TRAIN, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return root / "runs"


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock"}


PAIRS = [(file, harm) for file in FILES for harm in HARMS]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_damaged_file_is_told_in_one_line_and_nothing_is_lost(
    name: str, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The commands share the pairs of files and harms: each meets every file and every harm."""
    if name == "compare":
        request.getfixturevalue("undrawn")
    monkeypatch.chdir(tmp_path)
    places = {key: place for place, key in enumerate((*COMMANDS, *FILES, *HARMS))}
    for file, harm in PAIRS:
        if (places[file] + places[harm] - places[name]) % len(COMMANDS):
            continue
        shutil.rmtree("runs", ignore_errors=True)
        shutil.copytree(trained, "runs")
        run, case = Path("runs/mine"), f"{name} with {file} {harm}"
        HARMS[harm](run / file)
        before = contents(run)
        done = CliRunner().invoke(app, COMMANDS[name])
        if isinstance(done.exception, InputError):
            told = done.exception.message
            assert "\n" not in told, case
            assert file in told or "runs/mine" in told, f"{case}: {told}"
        else:
            assert done.exception is None or isinstance(done.exception, SystemExit), f"{case}: {done.exception!r}"
        if done.exit_code != 0:
            after = contents(run)
            assert {path: after.get(path) for path in before} == before, case
