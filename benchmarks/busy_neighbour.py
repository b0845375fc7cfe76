"""A loss step on a quiet machine and beside a neighbour that keeps one core busy: milliseconds, medians.

    python benchmarks/busy_neighbour.py [--anchors A ...]

Every contender as it is by default in this process: all threads. The neighbour is a process that counts, on the last
core. Contenders that are not installed are left out. From A = 16384 on, where a step takes many seconds, each is warmed
up once and takes one round on the quiet machine and one beside the neighbour; what each step took is told as it ends.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from alphadsl.bench.conditions import conditions
from alphadsl.bench.contenders import NotMeasured, build_step
from alphadsl.bench.task import Problem
from alphadsl.bench.timing import WARM_UP, Step, medians, rounds_for, seconds_of

LOSS = "infonce"
ANCHORS = (1024, 4096, 16384)
LONG = 16384
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


def told(name: str, step: Step, machine: str) -> Step:
    """The step, which says how long it took."""

    def run() -> None:
        seconds = seconds_of(step)
        print(f"{name}, {machine}: {seconds:.1f} s", file=sys.stderr, flush=True)

    return run


def measure(steps: dict[str, Step], anchors: int, machine: str, warm_up: int) -> dict[str, float]:
    if anchors < LONG:
        return medians(steps, rounds_for(anchors), warm_up)
    return medians({name: told(name, step, machine) for name, step in steps.items()}, 1, warm_up)


def main() -> None:
    parser = argparse.ArgumentParser(description="A loss step on a quiet machine and beside a busy neighbour.")
    parser.add_argument("--anchors", type=int, nargs="+", default=list(ANCHORS), metavar="A")
    sizes = parser.parse_args().anchors
    print(conditions())
    print(f"| A | machine | {' | '.join(CONTENDERS)} |\n|---|---|{'---|' * len(CONTENDERS)}")
    for anchors in sizes:
        steps = steps_of(Problem(LOSS, anchors=anchors))
        quiet = measure(steps, anchors, "quiet", 1 if anchors >= LONG else WARM_UP)
        with busy_neighbour():
            busy = measure(steps, anchors, "one core busy", 0 if anchors >= LONG else WARM_UP)
        for machine, seconds in (("quiet", quiet), ("one core busy", busy)):
            cells = (f"{seconds[name] * 1e3:,.1f}" if name in seconds else "" for name in CONTENDERS)
            print(f"| {anchors} | {machine} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
