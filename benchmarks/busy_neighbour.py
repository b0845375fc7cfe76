"""A loss step on a quiet machine and beside a neighbour that keeps one core busy: milliseconds, medians.

    python benchmarks/busy_neighbour.py [A ...]

Every contender as it is by default in this process: all threads. The neighbour is a process that counts, on the last
core. Contenders that are not installed are left out.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from alphadsl.bench.conditions import conditions
from alphadsl.bench.contenders import NotMeasured, build_step
from alphadsl.bench.task import Problem
from alphadsl.bench.timing import Step, medians, rounds_for

LOSS = "infonce"
ANCHORS = (1024, 4096, 16384)
CONTENDERS = ("auto", "dense compiled", "streaming compiled", "lightly", "plain")


def count() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    while True:
        pass


@contextmanager
def busy_neighbour() -> Iterator[None]:
    neighbour = multiprocessing.get_context("spawn").Process(target=count, daemon=True)
    neighbour.start()
    try:
        yield
    finally:
        neighbour.terminate()


def steps_of(problem: Problem) -> dict[str, Step]:
    found: dict[str, Step] = {}
    for name in CONTENDERS:
        try:
            found[name] = build_step(name, problem)
        except NotMeasured as reason:
            print(f"{name} is left out: {reason}", file=sys.stderr)
    return found


def main(sizes: list[int]) -> None:
    print(conditions())
    print(f"| A | machine | {' | '.join(CONTENDERS)} |\n|---|---|{'---|' * len(CONTENDERS)}")
    for anchors in sizes:
        steps = steps_of(Problem(LOSS, anchors=anchors))
        measure = partial(medians, steps, rounds_for(anchors))
        quiet = measure()
        with busy_neighbour():
            busy = measure()
        for told, seconds in (("quiet", quiet), ("one core busy", busy)):
            cells = (f"{seconds[name] * 1e3:,.1f}" if name in seconds else "" for name in CONTENDERS)
            print(f"| {anchors} | {told} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(ANCHORS))
