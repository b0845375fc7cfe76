"""Tasks side by side, each run entirely by one thread, since the work on one tile or row block is too short to be
divided.

An operator divided among all cores waits for the slowest of them, and if another program keeps one busy, for the
scheduler of the operating system: hundreds of such waits took ten times as long as the work. Here a delay holds up only
one task. Tasks that add to the same memory run in a fixed order, so that sums are bitwise the same in every run and for
every number of threads.
"""

import contextvars
import heapq
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from alphadsl.backend.torch_internals import is_watched, is_wrapped

Before = Sequence[Sequence[int]]
Task = Callable[[int], None]

WAITING = 4

Part = TypeVar("Part")

_forming = threading.Lock()
_crews: dict[int, ThreadPoolExecutor] = {}


def run_tasks(before: Before, task: Task, like: Tensor) -> None:
    """Call `task` with the number of each task, after the tasks listed in `before` for it, which have lower numbers. An
    exception of a task is raised here, once all tasks that had begun have ended."""
    threads = min(torch.get_num_threads(), len(before))
    if threads < 2 or not _can_leave_this_thread(like):
        for number in range(len(before)):
            task(number)
        return
    sweep = _Sweep(before, task, torch.is_inference_mode_enabled())
    crew = _crew(torch.get_num_threads())
    working = [crew.submit(contextvars.copy_context().run, sweep.work) for _ in range(threads)]
    try:
        sweep.wait()
    finally:
        sweep.stop()
        for future in working:
            if not future.cancel():
                future.result()
    if sweep.failure is not None:
        raise sweep.failure


def add_in_order(count: int, find: Callable[[int], Part], add: Callable[[int, Part], object], like: Tensor) -> None:
    """Compute parts side by side and add them in order. A part is computed only once the one `WAITING` before it has
    been added, so that few parts are in memory."""
    waiting: dict[int, Part] = {}

    def task(number: int) -> None:
        """Even numbers compute a part, odd ones add it."""
        index, adds = divmod(number, 2)
        if adds:
            add(index, waiting.pop(index))
        else:
            waiting[index] = find(index)

    earlier = ((number - 1, number - 2) if number % 2 else (number + 1 - 2 * WAITING,) for number in range(2 * count))
    run_tasks([tuple(addend for addend in some if addend >= 0) for some in earlier], task, like)


class _Sweep:
    """Which tasks are ready, and how many are left."""

    def __init__(self, before: Before, task: Task, inference: bool) -> None:
        self._task, self._inference = task, inference
        self._missing = [len(set(earlier)) for earlier in before]
        self._after: list[list[int]] = [[] for _ in before]
        for number, earlier in enumerate(before):
            for earlier_task in set(earlier):
                self._after[earlier_task].append(number)
        self._ready = [number for number, missing in enumerate(self._missing) if not missing]
        self._left = len(before)
        self._changed = threading.Condition()
        self.failure: BaseException | None = None

    def work(self) -> None:
        """The loop of one thread: run the first task that is ready, until none is left."""
        with torch.inference_mode(self._inference), torch.no_grad():
            while (number := self._next()) is not None:
                try:
                    self._task(number)
                except BaseException as failure:
                    self.stop(failure)
                else:
                    self._done(number)

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._left)

    def stop(self, failure: BaseException | None = None) -> None:
        """Begin no more tasks."""
        with self._changed:
            self.failure = self.failure or failure
            self._left, self._ready = 0, []
            self._changed.notify_all()

    def _next(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ready or not self._left)
            return heapq.heappop(self._ready) if self._ready else None

    def _done(self, number: int) -> None:
        with self._changed:
            if not self._left:
                return
            self._left -= 1
            for later in self._after[number]:
                self._missing[later] -= 1
                if not self._missing[later]:
                    heapq.heappush(self._ready, later)
            self._changed.notify_all()


def _can_leave_this_thread(like: Tensor) -> bool:
    """Whether tasks may run in other threads. Modes that watch operators belong to one thread, and so do tensors
    wrapped by `torch.func`; a GPU has parallelism of its own."""
    plain = type(like) is Tensor and not is_wrapped(like)
    return like.device.type == "cpu" and plain and not is_watched()


def _crew(threads: int) -> ThreadPoolExecutor:
    with _forming:
        if threads not in _crews:
            _crews[threads] = _formed(threads)
        return _crews[threads]


def _formed(threads: int) -> ThreadPoolExecutor:
    """A pool of threads whose operators are not divided further. Torch gives the last number of threads set to all
    threads created later, so the caller's number is set again once the pool has started."""
    begun = threading.Barrier(threads + 1)

    def begin() -> None:
        torch.set_num_threads(1)
        begun.wait()

    crew = ThreadPoolExecutor(threads, "alphadsl", begin)
    for _ in range(threads):
        crew.submit(int)
    begun.wait()
    torch.set_num_threads(threads)
    return crew


def _left_behind() -> None:
    """Forget the pools: a forked process has none of their threads, and no one to release a lock that one of them
    held."""
    global _forming
    _forming = threading.Lock()
    _crews.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_left_behind)
