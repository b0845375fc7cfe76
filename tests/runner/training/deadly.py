"""python -m tests.runner.training.deadly FOLDER COUNT: train one run undisturbed, and COUNT runs that SIGKILL ends at a
random write, each in a process of its own. The moments are spread over the whole life of a run, its files included.
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from runner.records.identity import describe_data
from runner.records.opening import IfExists, open_run
from runner.settings.resolving import make_config
from runner.training.fabric import make_fabric
from runner.training.job import Job
from runner.training.pretrain import pretrain
from tests.runner.conftest import SMALL, few_digits
from tests.runner.losses import PlainInfoNCE

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
MOVES = {"os.rename", "os.remove", "os.mkdir", "os.link"}


def watch_writes(below: Path, at_write: Callable[[int], None]) -> None:
    """Call `at_write` with 1, 2, 3 ... before each file operation of this process that changes something `below`."""
    number = 0

    def hook(event: str, details: tuple[object, ...]) -> None:
        nonlocal number
        opened = event == "open" and isinstance(details[2], int) and details[2] & WRITING
        if (opened or event in MOVES) and str(details[0]).startswith(str(below)):
            number += 1
            at_write(number)

    sys.addaudithook(hook)


def in_a_process(work: Callable[[], None]) -> int:
    """The exit status of a fork that does the work."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main(folder: Path, count: int) -> None:
    config = make_config("digits", **SMALL)
    fabric = make_fabric(config)
    data = few_digits()

    def train_in(name: str, at_write: Callable[[int], None]) -> None:
        watch_writes(folder / name, at_write)
        run = open_run(folder / name, PlainInfoNCE(), config, IfExists.REFUSE, describe_data(data))
        pretrain(Job(PlainInfoNCE(), data, config, run, fabric))

    def kill_at(moment: int) -> Callable[[int], None]:
        return lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == moment else None

    counted = folder / "writes"
    assert in_a_process(lambda: train_in("straight", lambda number: counted.write_text(str(number)) and None)) == 0
    moments = sorted(random.Random(0).sample(range(1, int(counted.read_text()) + 1), count))
    for moment in moments:
        status = in_a_process(lambda moment=moment: train_in(f"killed-{moment}", kill_at(moment)))
        assert status == -signal.SIGKILL, f"killed at write {moment}, and it ended with {status}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
