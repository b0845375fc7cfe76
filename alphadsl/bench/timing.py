"""Timing side by side: callables that do the same work go in, the median seconds of each come out.

They are run in one process and interleaved, so that whatever else the machine does falls on all of them alike; in
another order each round, as what a contender leaves of caches and memory falls on the one that follows it.
"""

import random
import statistics
import time
from collections.abc import Callable, Mapping

WARM_UP = 2
ROUNDS = ((1024, 30), (4096, 10), (16384, 5))
FEWEST = 3

Step = Callable[[], object]


def medians(
    contenders: Mapping[str, Step], rounds: int, warm_up: int = WARM_UP, say: Callable[[str], object] = str
) -> dict[str, float]:
    """Seconds of each; `say` is told each round that begins."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    order, shuffled = list(contenders), random.Random(0)
    for turn in range(rounds + warm_up):
        say(f"round {turn + 1} of {rounds + warm_up}")
        for name in order:
            spent = seconds_of(contenders[name])
            if turn >= warm_up:
                seconds[name].append(spent)
        shuffled.shuffle(order)
    return {name: statistics.median(times) for name, times in seconds.items()}


def seconds_of(run: Step) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def rounds_for(anchors: int) -> int:
    """Fewer where a round takes long."""
    return next((rounds for limit, rounds in ROUNDS if anchors < limit), FEWEST)
