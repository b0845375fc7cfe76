"""A measurement as a task for a process of its own, and its answer. Torch is not imported here.

`measure` starts that process, with the allocator tuned if requested. The task goes in as JSON; the answer is the last
line that comes out, and lines before it report the stage of the process. A process that dies also gives an answer.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter

from alphadsl.api import find_text, overrides_from
from alphadsl.ir.nodes import Loss
from alphadsl.pipeline import lower_spec

# Freed memory stays with the process, so that only the first of many large temporaries causes page faults.
TUNED_MALLOC: Mapping[str, str] = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 36),
    "MALLOC_TOP_PAD_": str(1 << 26),
}


class Rival(StrEnum):
    """What our backends are compared with, by the names of `--against`."""

    plain = "plain"
    compiled = "compiled"
    lightly = "lightly"
    metric_learning = "metric-learning"
    products = "products"


class NumberType(StrEnum):
    float32 = "float32"
    bfloat16 = "bfloat16"
    float64 = "float64"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


@dataclass(frozen=True)
class Problem:
    """A loss, by name or path, with parameter values, on a batch of random embeddings."""

    spec: str
    anchors: int
    values: tuple[tuple[str, float], ...] = ()
    width: int = 128
    dtype: NumberType = NumberType.float32
    seed: int = 0
    device: Device = Device.cpu

    @property
    def loss(self) -> Loss:
        """The checked loss with its parameters set."""
        return lower_spec(find_text(self.spec), overrides_from(dict(self.values), "command line")).loss


@dataclass(frozen=True)
class Task:
    """Time contenders side by side, or with `memory`, measure the peak memory of the only one."""

    problem: Problem
    contenders: tuple[str, ...]
    memory: bool = False
    rounds: int | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Answer:
    """The results by contender: median seconds, seconds of the first step, peak bytes, and why something is missing."""

    conditions: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    first: Mapping[str, float] = field(default_factory=dict)
    peak: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)


TASK, ANSWER = TypeAdapter(Task), TypeAdapter(Answer)


def unheard(where: str) -> None:
    """Ignore the stages that a process reports."""


def measure(task: Task, environment: Mapping[str, str], hear: Callable[[str], None] = unheard) -> Answer:
    """The answer of a new process with additional environment variables; `hear` is called with each line before it."""
    command = [sys.executable, "-m", "alphadsl.bench.worker"]
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env={**os.environ, **environment}) as process,
    ):
        try:
            last = _converse(process, TASK.dump_json(task), hear)
        except BaseException:
            process.kill()
            raise
        code = process.wait()
        errors.seek(0)
        complaint = errors.read().decode(errors="replace").strip().splitlines()[-1:]
    if code == 0:
        return ANSWER.validate_json(last)
    why = ": ".join([f"its process ended with code {code}", *complaint])
    return Answer(missing=dict.fromkeys(task.contenders, why))


def _converse(process: "subprocess.Popen[bytes]", task: bytes, hear: Callable[[str], None]) -> str:
    """Send the task; return the last line of the answer."""
    assert process.stdin
    assert process.stdout
    with suppress(BrokenPipeError):
        process.stdin.write(task)
        process.stdin.close()
    last = ""
    for line in process.stdout:
        if last:
            hear(last)
        last = line.decode(errors="replace").strip()
    return last
