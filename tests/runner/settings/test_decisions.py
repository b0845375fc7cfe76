"""What is decided by the machine: never the slow way, always said and written down, and kept when a run is resumed."""

import os
import re
from pathlib import Path

import pytest
import torch

from runner.settings import processor
from runner.settings.config import AUTO
from runner.settings.decisions import CHOICES, decide
from runner.settings.machine import limit_threads
from runner.settings.processor import BF16_CHECKS, Processor, look_at, usable_cores
from runner.settings.resolving import make_config

ROOT = Path(__file__).parents[3]
AVX2 = Processor("cpu", "AVX2", bf16=False, threads=8, cores=8)
AMX = Processor("cpu", "AMX", bf16=True, threads=64, cores=4)
TURING = Processor("cuda", "Tesla T4", bf16=False, threads=4, cores=4)
HOPPER = Processor("cuda", "H100", bf16=True, threads=4, cores=4)


@pytest.mark.parametrize("here", [AVX2, AMX, TURING, HOPPER], ids=lambda it: it.name)
def test_the_default_is_never_what_a_processor_has_no_instructions_for(here: Processor) -> None:
    decided = decide(make_config("cifar10"), here)
    assert decided.config.precision == ("bf16" if here.bf16 else "32")
    assert decided.config.threads == min(here.threads, here.cores)
    assert decided.config.compile is (here.device == "cuda")
    assert decided.config.deterministic is (here.device == "cpu")
    assert set(decided.reasons) == set(CHOICES)
    line = decided.describe(here)
    assert line.startswith(f"computed on {here.device} with precision {decided.config.precision} ({here.name} has ")
    assert "\n" not in line


@pytest.mark.parametrize("here", [AVX2, AMX], ids=lambda it: it.name)
@pytest.mark.parametrize(
    ("name", "value"), [("precision", "bf16"), ("precision", "32"), ("threads", 3), ("compile", True)]
)
def test_what_is_said_is_not_decided(here: Processor, name: str, value: object) -> None:
    decided = decide(make_config("cifar10", **{name: value}), here)
    assert getattr(decided.config, name) == value
    assert name not in decided.reasons
    assert decide(decided.config, AVX2).config == decided.config


def test_what_torch_says_in_private_is_still_there() -> None:
    assert all(isinstance(getattr(torch.cpu, check)(), bool) for check in BF16_CHECKS)
    here = look_at("cpu")
    assert here.name == torch.backends.cpu.get_cpu_capability()
    assert 1 <= here.cores <= (os.cpu_count() or 1)
    private = re.compile(r"torch(\.\w+)*\._\w")
    naming = [path for path in (ROOT / "runner").rglob("*.py") if private.search(path.read_text(encoding="utf-8"))]
    assert naming == []


@pytest.mark.parametrize(
    ("text", "cores"),
    [("400000 100000", 4), ("150000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("", None), (None, None)],
)
def test_a_container_s_quota_counts(
    text: str | None, cores: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpu.max"
    if text is not None:
        file.write_text(text, encoding="ascii")
    monkeypatch.setattr(processor, "CGROUP_QUOTA", file)
    unlimited = len(os.sched_getaffinity(0))
    assert usable_cores() == min(unlimited, cores or unlimited)


@pytest.mark.parametrize(("features", "bf16"), [("fp asimd bf16 i8mm", True), ("fp asimd i8mm", False), ("", False)])
def test_an_arm_processor_says_so_itself(
    features: str, bf16: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nFeatures\t: {features}\nmodel : bf16\n", encoding="utf-8")
    monkeypatch.setattr(processor, "ARM_FEATURES", file)
    for check in BF16_CHECKS:
        monkeypatch.setattr(torch.cpu, check, lambda: False)
    assert look_at("cpu").bf16 is bf16


def test_threads_that_are_not_said_are_left_alone() -> None:
    before = torch.get_num_threads()
    with limit_threads(AUTO):
        assert torch.get_num_threads() == before
    with limit_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
