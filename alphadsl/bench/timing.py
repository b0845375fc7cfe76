"""Timing side by side: callables that do the same work come in; the median seconds of each come out.

They run in one process and interleaved, so that other load on the machine affects all of them alike. Each round has
another order, since the caches and memory that a contender leaves behind affect the one that follows it.
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
    """The median seconds of each; `say` is called at the start of each round."""
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
    """The number of rounds: fewer if a round takes long."""
    return next((rounds for limit, rounds in ROUNDS if anchors < limit), FEWEST)
