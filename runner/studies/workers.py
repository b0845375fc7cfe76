"""Workers on this machine: a study comes in; processes work on it, each on its own cores, until it is over.

A worker that is killed is replaced, and its trial taken up again. An error in a worker (a full disk, a storage that is
gone) stops all of them and is reported in one line. Nothing here imports torch: a worker does, once its cores are set.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder
from runner.progress import tell
from runner.settings.config import ExperimentConfig
from runner.studies.plan import Plan
from runner.studies.study import Study, StudyRoom, read_study
from runner.studies.work import WORKERS, Evaluate, work

LONGEST_GOODBYE = 20.0
"""Seconds that stopped workers have to put their trials back."""
REPLACED = 3
"""Number of times, on average, that a killed worker is replaced."""
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Assignment:
    """What a worker needs to know."""

    room: StudyRoom
    here: ExperimentConfig
    """The data folder and the device of this machine."""
    download: bool = False
    make: Callable[["Assignment", Plan], Evaluate] | None = None
    """Makes the function that evaluates a task; None for the trainer."""


@dataclass
class _Worker:
    number: int
    process: multiprocessing.process.BaseProcess
    refusals: Connection
    log: Path = field(default_factory=Path)


def run_workers(study: Study, assignment: Assignment, count: int, watch: Callable[[], object]) -> None:
    """Work on a study with `count` processes until it is over; `watch` is called from time to time.

    Raises the `InputError` of a worker that had one.
    """
    shares = core_shares(count, assignment.here.threads if isinstance(assignment.here.threads, int) else 1)
    deaths = 0
    with _stopped_at_the_end(workers := [_start(assignment, number, shares[number]) for number in range(count)]):
        while workers:
            wait([worker.process.sentinel for worker in workers], timeout=POLL_SECONDS)
            watch()
            for worker in [worker for worker in workers if not worker.process.is_alive()]:
                workers.remove(worker)
                _check_end(worker)
                if worker.process.exitcode == 0:
                    continue
                deaths += 1
                if deaths > REPLACED * count:
                    raise InputError(
                        f"{deaths} workers of {assignment.room.name} were killed.", f"Look into {worker.log}."
                    )
                tell(f"Worker {worker.number} was killed ({_how(worker)}); another one takes over its trial.")
                workers.append(_start(assignment, worker.number, shares[worker.number]))
    watch()


def core_shares(count: int, threads: int) -> list[tuple[int, ...]]:
    """The `threads` cores of each worker, not shared with other workers; empty if there are too few."""
    if not hasattr(os, "sched_getaffinity"):
        return [()] * count
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < count * threads:
        return [()] * count
    return [tuple(cores[threads * worker : threads * (worker + 1)]) for worker in range(count)]


def _start(assignment: Assignment, number: int, cores: Sequence[int]) -> _Worker:
    # Spawned, not forked: threads and libraries of this process must not be copied.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    log = assignment.room.folder / WORKERS / f"worker-{number}.log"
    process = context.Process(target=_work, args=(assignment, number, tuple(cores), log, theirs), daemon=False)
    process.start()
    theirs.close()
    return _Worker(number, process, ours, log)


def _check_end(worker: _Worker) -> None:
    """Raises the error of a worker, if it had one; a worker that crashed has written the reason into its log."""
    if worker.refusals.poll():
        with contextlib.suppress(EOFError):
            message, remedy = worker.refusals.recv()
            raise InputError(message, remedy)
    if worker.process.exitcode == 1:
        raise InputError(f"A worker failed: {_last_line(worker.log)}", f"{worker.log} has all of it; please report it.")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.is_file() else []
    return lines[-1] if lines else "it gave no reason."


def _how(worker: _Worker) -> str:
    code = worker.process.exitcode or 0
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


@contextlib.contextmanager
def _stopped_at_the_end(workers: list[_Worker]) -> Iterator[None]:
    """Stop the workers at the end of the block; those that are busy put their trials back first."""
    try:
        yield
    finally:
        deadline = time.monotonic() + LONGEST_GOODBYE
        for worker in workers:
            if worker.process.is_alive():
                worker.process.terminate()
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _work(assignment: Assignment, number: int, cores: tuple[int, ...], log: Path, refusals: Connection) -> None:
    """The main function of a worker process."""
    if cores:
        os.sched_setaffinity(0, cores)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command that started us tells us to stop
    _watch_the_command()
    make_folder(log.parent)
    with log.open("a", encoding="utf-8") as shown, contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        try:
            study = read_study(assignment.room)
            work(study, (assignment.make or make_trainer)(assignment, study.plan), number)
        except KeyboardInterrupt:
            code = 128 + signal.SIGTERM
        except InputError as refusal:
            refusals.send((refusal.message, refusal.help))
            code = 0
        except BaseException:
            traceback.print_exc()
            code = 1
        else:
            code = 0
        shown.flush()
    # Otherwise Python warns of semaphores of libraries when the command ends.
    util._run_finalizers(0)  # type: ignore[attr-defined]
    os._exit(code)  # do not wait for threads of libraries


def make_trainer(assignment: Assignment, plan: Plan) -> Evaluate:
    from runner.studies.trial import Trainer
    from runner.supplies import Stock

    return Trainer(plan, assignment.room, assignment.here, Stock.with_download(assignment.download))


def _interrupt(number: int, _: Any) -> None:
    raise KeyboardInterrupt


def _watch_the_command() -> None:
    """Stop when the process that started this one has ended, for any reason."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
