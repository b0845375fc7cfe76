"""All measurements of a command, one process after another: an order comes in; a list of figures comes out.

For every loss and size, the peak memory of each contender is measured first, in a process of its own. Those that fit in
memory are then timed together, interleaved in one process. Torch is not imported here.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from alphadsl.bench.task import TUNED_MALLOC, Answer, Device, NumberType, Problem, Rival, Task, measure

NOTHING: Mapping[str, str] = {}


class Report(Protocol):
    """Receives the progress of the measurements."""

    def starts(self, what: str) -> None:
        """A process starts; `what` is its loss, size and contender."""

    def hears(self, where: str) -> None:
        """The process reports its stage."""

    def ends(self) -> None:
        """The process has ended."""


@dataclass(frozen=True)
class Order:
    """What the command was asked to measure."""

    specs: tuple[str, ...]
    anchors: tuple[int, ...]
    backends: tuple[str, ...] = ("auto",)
    rivals: tuple[Rival, ...] = tuple(Rival)
    values: tuple[tuple[str, float], ...] = ()
    width: int = 128
    dtype: NumberType = NumberType.float32
    seed: int = 0
    device: Device = Device.cpu
    rounds: int | None = None
    threads: int | None = None
    memory: bool = True
    tuned_malloc: bool = False

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every loss at every size."""
        rest = self.values, self.width, self.dtype, self.seed, self.device
        return tuple(Problem(spec, anchors, *rest) for spec in self.specs for anchors in self.anchors)

    @property
    def environment(self) -> Mapping[str, str]:
        return TUNED_MALLOC if self.tuned_malloc else NOTHING


@dataclass(frozen=True)
class Figures:
    """The results of one contender for one loss and size; `why` if it has no time."""

    contender: str
    seconds: float | None = None
    peak: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Comparison:
    """One loss at one size; the others are compared with the first of the figures."""

    spec: str
    anchors: int
    conditions: str
    figures: tuple[Figures, ...]

    def ratio(self, figures: Figures) -> float | None:
        """The time as a multiple of the first contender's; None if either has none."""
        base = self.figures[0].seconds
        return figures.seconds / base if figures.seconds is not None and base else None


def weighed(comparisons: Iterable[Comparison]) -> bool:
    """Whether peak memory was measured."""
    return any(figures.peak is not None for comparison in comparisons for figures in comparison.figures)


def load_before() -> str:
    """The load average of the machine, which lengthens all times."""
    return f"load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else "load unknown"


def compare(order: Order, contenders: Mapping[str, Sequence[str]], report: Report) -> Iterator[Comparison]:
    """Yield the comparison of every problem as soon as it is done. `contenders` are by loss; `report` is called for
    each process."""
    for problem in order.problems:
        yield _compare_one(order, problem, tuple(contenders[problem.spec]), report)


def processes_of(order: Order, contenders: Mapping[str, Sequence[str]]) -> int:
    """The number of processes that `compare` will start."""
    return sum(1 + len(_with_memory(order, contenders[problem.spec])) for problem in order.problems)


def _with_memory(order: Order, names: Sequence[str]) -> tuple[str, ...]:
    """The contenders whose memory is measured: all but the products alone, which are not a loss."""
    return tuple(name for name in names if order.memory and name != Rival.products)


def _compare_one(order: Order, problem: Problem, names: tuple[str, ...], report: Report) -> Comparison:
    task = Task(problem, names, False, order.rounds, order.threads)

    def done(task: Task) -> Answer:
        what = f"memory of {task.contenders[0]}" if task.memory else "time, side by side"
        report.starts(f"{problem.spec}, A = {problem.anchors}: {what}")
        answer = measure(task, order.environment, report.hears)
        report.ends()
        return answer

    alone = [done(replace(task, contenders=(name,), memory=True)) for name in _with_memory(order, names)]
    peak = {name: size for answer in alone for name, size in answer.peak.items()}
    missing = {name: why for answer in alone for name, why in answer.missing.items()}
    together = done(replace(task, contenders=tuple(name for name in names if name not in missing)))
    why = {**missing, **together.missing}
    figures = [Figures(name, together.seconds.get(name), peak.get(name), why.get(name, "")) for name in names]
    return Comparison(problem.spec, problem.anchors, together.conditions, tuple(figures))
