"""The conditions of a measurement: the device, and the header of every table."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import torch

from alphadsl.bench.task import TUNED_MALLOC, Device
from alphadsl.report.exceptions import InputError


def conditions(device: Device = Device.cpu) -> str:
    """Date, commit, torch, processor or GPU, threads and malloc."""
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"commit {commit()}",
        f"torch {torch.__version__}",
        torch.cuda.get_device_name() if device == Device.cuda else processor(),
        f"{torch.get_num_threads()} thread{'' if torch.get_num_threads() == 1 else 's'}",
        malloc(),
    ]
    return ", ".join(parts)


def find_device(device: Device) -> Device:
    """The device that `auto` means here. Raises `InputError` for a GPU that does not exist."""
    there = torch.cuda.is_available()
    match device:
        case Device.auto:
            return Device.cuda if there else Device.cpu
        case Device.cuda if not there:
            raise InputError("--device cuda: torch finds no GPU", "use --device cpu")
        case _:
            return device


def commit() -> str:
    """The commit of this copy of alphadsl, marked if files have changed since; unknown for an installed package."""
    folder = Path(__file__).parent
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or "unknown"


def processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:  # noqa: PTH123
            return next(line.partition(":")[2].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def malloc() -> str:
    preloaded = Path(os.environ.get("LD_PRELOAD", "")).name
    if preloaded:
        return f"malloc of {preloaded}"
    set_ = [f"{name}={os.environ[name]}" for name in TUNED_MALLOC if name in os.environ]
    return f"malloc with {' '.join(set_)}" if set_ else "default malloc"
