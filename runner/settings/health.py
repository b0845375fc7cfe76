"""What this machine offers for training: the folders of runs and data come in; a finding for each thing that matters
comes out, with a remedy where something is wrong.
"""

import os
import platform
import shutil
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

import alphadsl
from runner.settings.decisions import decide
from runner.settings.processor import Processor, look_at
from runner.settings.resolving import make_config

GIGABYTE = 10**9
LITTLE = 2 * GIGABYTE
"""With less free space than this there is no room for a data set and some runs."""
CIFAR10_FILES = (*(f"data_batch_{part}" for part in range(1, 6)), "test_batch", "batches.meta")
STL10_FILES = ("train_X.bin", "train_y.bin", "unlabeled_X.bin", "test_X.bin", "test_y.bin")
ARCHIVES = {
    "cifar10": ("cifar-10-batches-py", CIFAR10_FILES),
    "cifar100": ("cifar-100-python", ("train", "test", "meta")),
    "stl10": ("stl10_binary", STL10_FILES),
}
"""The folder of each data set, and the files that are read."""
INCLUDE = Path(sysconfig.get_path("include"))
NVIDIA = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True)
class Finding:
    """One thing about the machine, its state, and a remedy if something is wrong with it."""

    what: str
    fact: str
    remedy: str = ""


def examine(runs_dir: Path, data_dir: Path) -> Iterator[Finding]:
    """Yield the findings one by one; nothing is changed."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    processor = look_at("cpu")
    yield Finding("versions", f"alphadsl {alphadsl.__version__}, torch {version('torch')}, {_python()}")
    yield Finding("processor", f"{processor.name}, {'with' if processor.bf16 else 'without'} instructions for bf16")
    yield _threads(processor)
    yield _device(device)
    here = look_at(device)
    yield Finding("a run", decide(make_config("cifar10"), here).describe(here).replace("computed", "would be computed"))
    yield _compiler()
    yield _room("runs", runs_dir)
    yield _data(data_dir)


def _python() -> str:
    return f"Python {platform.python_version()} on {platform.system()}"


def _threads(processor: Processor) -> Finding:
    fact = f"torch uses {processor.threads}, and this process may use {processor.cores} cores"
    if processor.threads > processor.cores:
        return Finding("threads", fact, f"Set OMP_NUM_THREADS={processor.cores}: more threads wait for each other.")
    return Finding("threads", fact)


def _device(device: str) -> Finding:
    if device == "cuda":
        free, total = torch.cuda.mem_get_info()
        fact = f"{torch.cuda.get_device_name()}, {free / GIGABYTE:.0f} of {total / GIGABYTE:.0f} GB free"
        return Finding("device", fact)
    if NVIDIA.exists() or shutil.which("nvidia-smi"):
        cuda = torch.version.cuda
        remedy = "Update its driver." if cuda else "Install a torch that is built for CUDA."
        return Finding("device", f"there is an NVIDIA GPU, and torch (CUDA {cuda or 'left out'}) cannot use it", remedy)
    return Finding("device", "the CPU; there is no NVIDIA GPU")


def _compiler() -> Finding:
    """What `torch.compile` needs on a CPU."""
    tried = [name for name in (os.environ.get("CXX"), "g++", "clang++") if name]
    compiler = next((name for name in tried if shutil.which(name)), None)
    if compiler is None:
        return Finding("compiler", f"found none of {', '.join(tried)}", "Install g++, to compile losses.")
    if not (INCLUDE / "Python.h").exists():
        return Finding("compiler", f"{compiler}, without Python's headers", "Install python3-dev, to compile losses.")
    return Finding("compiler", compiler)


def _room(what: str, folder: Path) -> Finding:
    """Whether there is space in a folder, or in the one it would be made in, and files can be written there."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        return Finding(what, f"{place} is a file", "Name a folder with --runs-dir.")
    if not os.access(place, os.W_OK):
        return Finding(what, f"{folder} cannot be written", "Check its permissions, or give --runs-dir.")
    free = shutil.disk_usage(place).free
    fact = f"{folder}, {free / GIGABYTE:.1f} GB free"
    return Finding(what, fact, "Make room on its disk." if free < LITTLE else "")


def _data(folder: Path) -> Finding:
    here = {
        name: (folder / archive, files) for name, (archive, files) in ARCHIVES.items() if (folder / archive).is_dir()
    }
    fact = f"digits{''.join(f', {name}' for name in here)}; in {folder}"
    for path in (archive / file for archive, files in here.values() for file in files):
        if not path.is_file() or path.stat().st_size == 0:
            return Finding("data", f"{path} is missing or empty", "Unpack its archive again, or give train --download.")
    return Finding("data", f"{fact}; --download fetches others" if len(here) < len(ARCHIVES) else fact)
