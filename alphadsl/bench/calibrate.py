"""At which size another of our backends becomes the fastest on this device: times by size come in; thresholds come out.

Three backends are timed side by side for one loss of each kind (an exponential, a kink, a min player): dense eager,
dense compiled, and streaming. The thresholds that `auto` uses are in `alphadsl/backend/dispatch.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from alphadsl.bench.session import Order, Report
from alphadsl.bench.table import DASH, written
from alphadsl.bench.task import Answer, Task, measure
from alphadsl.ir.kinds import Streaming

PAYS_WITHIN = 2_000
EAGER, COMPILED, STREAMING = "dense eager", "dense compiled", "streaming compiled"


@dataclass(frozen=True)
class Timed:
    """One loss at one size: seconds per step of each backend that ran."""

    spec: str
    anchors: int
    answer: Answer

    @property
    def fastest(self) -> str:
        return min(self.answer.seconds, key=lambda way: self.answer.seconds[way], default=DASH)


@dataclass(frozen=True)
class Crossing:
    """The number of anchors from which a backend is faster than all earlier ones at every size; None if it never is
    within the sizes.

    `pays_after` is the number of steps at that size after which the time of its first, compiling step is recovered.
    """

    spec: str
    way: str
    anchors: int | None
    pays_after: float | None


def ways_of(backends: Sequence[str]) -> tuple[str, ...]:
    """The backends to time, from the fastest for small batches to the fastest for large ones."""
    return tuple(way for way in (EAGER, COMPILED, STREAMING) if way.partition(" ")[0] in backends)


def calibrate(order: Order, ways: tuple[str, ...], report: Report) -> Iterator[Timed]:
    """Yield the times of each loss at each size as soon as they are measured, each in a process of its own."""
    for problem in order.problems:
        report.starts(f"{problem.spec}, A = {problem.anchors}")
        task = Task(problem, ways, False, order.rounds, order.threads)
        answer = measure(task, order.environment, report.hears)
        report.ends()
        yield Timed(problem.spec, problem.anchors, answer)


def crossings(timed: Sequence[Timed], ways: tuple[str, ...]) -> Iterator[Crossing]:
    """For each loss, where each backend but the first takes over."""
    for spec in dict.fromkeys(timing.spec for timing in timed):
        sizes = sorted((timing for timing in timed if timing.spec == spec), key=lambda timing: timing.anchors)
        for place, way in enumerate(ways[1:], start=1):
            yield _crossing(spec, way, ways[:place], sizes)


def _crossing(spec: str, way: str, earlier: tuple[str, ...], sizes: Sequence[Timed]) -> Crossing:
    first: Timed | None = None
    for size in reversed(sizes):
        if _saved(size, way, earlier) is None:
            break
        first = size
    if first is None:
        return Crossing(spec, way, None, None)
    saved = _saved(first, way, earlier)
    return Crossing(spec, way, first.anchors, first.answer.first[way] / saved if saved else None)


def _saved(timed: Timed, way: str, earlier: tuple[str, ...]) -> float | None:
    """Seconds saved per step compared with the fastest earlier backend, if any is saved."""
    seconds = timed.answer.seconds
    others = [seconds[timing] for timing in earlier if timing in seconds]
    if way not in seconds or not others or seconds[way] >= min(others):
        return None
    return min(others) - seconds[way]


def make_table(timed: Sequence[Timed], ways: tuple[str, ...]) -> Table:
    table = Table(title="milliseconds of a step, forward and backward", title_justify="left", box=SIMPLE_HEAD)
    for title in ("loss", "A", *ways, "fastest"):
        table.add_column(title, justify="left" if title in ("loss", "fastest") else "right", no_wrap=True)
    for timing in timed:
        times = [written(timing.answer.seconds[way] * 1e3) if way in timing.answer.seconds else DASH for way in ways]
        table.add_row(
            timing.spec, str(timing.anchors), *times, timing.fastest, end_section=timing.anchors == timed[-1].anchors
        )
    return table


def describe_crossing(crossing: Crossing) -> str:
    """A crossing in words."""
    if crossing.anchors is None:
        return f"{crossing.spec}: {crossing.way} is not the fastest at the largest A"
    pays = f"; its first step pays after {crossing.pays_after:,.0f}" if crossing.pays_after is not None else ""
    return f"{crossing.spec}: {crossing.way} from A = {crossing.anchors}{pays}"


def threshold_rows(
    timed: Sequence[Timed], crossings: Sequence[Crossing], kinds: Mapping[str, Streaming], device: str
) -> Iterator[str]:
    """The rows of THRESHOLDS in alphadsl/backend/dispatch.py: the number of anchors from which compiling pays off
    within a short training, and from which streaming is fastest, for all losses of a kind. A threshold not reached
    within the sizes is left open."""
    for kind in dict.fromkeys(kinds.values()):
        names = [name for name, streaming in kinds.items() if streaming == kind]
        compiled = _latest([_paying(name, timed) for name in names])
        streams = _latest(
            [crossing.anchors for crossing in crossings if crossing.way == STREAMING and crossing.spec in names]
        )
        yield f"({device!r}, Streaming.{kind.name}): Thresholds(compile={compiled}, stream={streams}),"


def _latest(sizes: Sequence[int | None]) -> str:
    known = [size for size in sizes if size is not None]
    return str(max(known)) if known and len(known) == len(sizes) else "..."


def _paying(spec: str, timed: Sequence[Timed]) -> int | None:
    """The smallest number of anchors at which the time of the first, compiling step is recovered within `PAYS_WITHIN`
    steps."""
    for timing in sorted((timing for timing in timed if timing.spec == spec), key=lambda timing: timing.anchors):
        saved = _saved(timing, COMPILED, (EAGER,))
        if saved is not None and timing.answer.first[COMPILED] / saved <= PAYS_WITHIN:
            return timing.anchors
    return None


def reasons(timed: Sequence[Timed]) -> Iterator[str]:
    """One line for each backend that could not be timed."""
    for timing in timed:
        for way, why in timing.answer.missing.items():
            yield f"- {way}: {why} ({timing.spec} at A = {timing.anchors})"
