"""What `doctor` finds: what is in order is said, and what is wrong has a remedy of its own."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from alphadsl.cli import doctor
from alphadsl.cli.main import app
from runner.settings import health
from runner.settings.health import examine
from runner.settings.processor import Processor

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def healthy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    header = tmp_path / "include" / "Python.h"
    header.parent.mkdir()
    header.touch()
    monkeypatch.setattr(health, "INCLUDE", header.parent)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(health, "NVIDIA", tmp_path / "absent")
    monkeypatch.setattr(health, "look_at", lambda device: Processor("cpu", "AVX2", bf16=False, threads=2, cores=2))
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "g++" else None)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(10**12, 0, 10**12))


def remedies() -> dict[str, str]:
    return {finding.what: finding.remedy for finding in examine(Path("runs"), Path("data")) if finding.remedy}


def unpack(name: str) -> list[Path]:
    archive, files = health.ARCHIVES[name]
    folder = Path("data", archive)
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).write_bytes(b"images")
    return [folder / file for file in files]


@pytest.mark.parametrize("name", health.ARCHIVES)
def test_a_data_set_that_lacks_a_file_is_told(name: str) -> None:
    for path in unpack(name):
        path.write_bytes(b"")
        (told,) = (finding.fact for finding in examine(Path("runs"), Path("data")) if finding.what == "data")
        assert told == f"{path} is missing or empty"
        assert "Unpack" in remedies()["data"]
        path.write_bytes(b"images")
    assert remedies() == {}


def test_a_healthy_machine_needs_nothing() -> None:
    unpack("cifar10")
    assert remedies() == {}
    told = CliRunner().invoke(app, ["doctor"], catch_exceptions=False)
    assert told.exit_code == 0
    lines = told.output.splitlines()
    assert all(line.startswith("ok  ") for line in lines)
    assert "ok  data: digits, cifar10; in data; --download fetches others" in lines
    assert any("would be computed on cpu with precision 32 (AVX2 has no bf16 instructions)" in line for line in lines)
    assert not Path("runs").exists()


def test_threads_beyond_the_cores_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "look_at", lambda device: Processor("cpu", "AVX2", bf16=False, threads=64, cores=2))
    assert "OMP_NUM_THREADS=2" in remedies()["threads"]


@pytest.mark.parametrize(("cuda", "remedy"), [("13.0", "driver"), (None, "built for CUDA")])
def test_a_gpu_that_torch_cannot_use_is_told(monkeypatch: pytest.MonkeyPatch, cuda: str | None, remedy: str) -> None:
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(health, "NVIDIA", Path())
    assert remedy in remedies()["device"]


def test_a_compiler_and_its_headers_are_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(health, "INCLUDE", tmp_path / "none")
    assert "python3-dev" in remedies()["compiler"]
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "Install g++" in remedies()["compiler"]


def test_a_full_disk_or_a_closed_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(10**12, 10**12, 10**6))
    assert remedies() == {"runs": "Make room on its disk."}
    monkeypatch.setattr(health.os, "access", lambda place, mode: False)
    assert "permissions" in remedies()["runs"]


def test_a_missing_trainer_is_a_fault_and_another_extra_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "missing_modules", lambda extra: ["scipy"] if extra == "reference" else [])
    told = CliRunner().invoke(app, ["doctor"])
    assert told.exit_code == 0
    assert "ok  extra reference: not installed; pip install 'alphadsl[reference]'" in told.output
    monkeypatch.setattr(doctor, "missing_modules", lambda extra: ["lightning"] if extra == "train" else [])
    told = CliRunner().invoke(app, ["doctor"])
    assert told.exit_code == 1
    assert (
        "!!  extra train: without lightning, so nothing can be trained\n    pip install 'alphadsl[train]'"
        in told.output
    )
