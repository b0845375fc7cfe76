"""Tasks side by side, each wholly by one thread: what a step does to a tile or a strip is too short to be divided.

An operator that is divided among all cores waits for the slowest of them, and where a neighbour keeps one busy, for the
operating system to take turns: hundreds of such waits took ten times as long as the work. Whoever is held up here holds
up a task. Tasks that share what they add to follow each other in their order, so that sums are the same to the last bit
whoever comes first, and however many threads there are.
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
    """Calls `task` with the number of each, once those `before` it are done; they have lower numbers. What a task
    raises is raised here, when all that had begun have ended."""
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
    """Parts are found side by side and added in their order; one is found after an earlier one has been added, so that
    few wait in memory."""
    waiting: dict[int, Part] = {}

    def task(number: int) -> None:
        """Even numbers find, odd ones add."""
        place, adds = divmod(number, 2)
        if adds:
            add(place, waiting.pop(place))
        else:
            waiting[place] = find(place)

    earlier = ((number - 1, number - 2) if number % 2 else (number + 1 - 2 * WAITING,) for number in range(2 * count))
    run_tasks([tuple(addend for addend in some if addend >= 0) for some in earlier], task, like)


class _Sweep:
    """Which tasks are ready, and how many are left."""

    def __init__(self, before: Before, task: Task, inference: bool) -> None:
        self._task, self._inference = task, inference
        self._missing = [len(set(earlier)) for earlier in before]
        self._after: list[list[int]] = [[] for _ in before]
        for number, earlier in enumerate(before):
            for each in set(earlier):
                self._after[each].append(number)
        self._ready = [number for number, missing in enumerate(self._missing) if not missing]
        self._left = len(before)
        self._changed = threading.Condition()
        self.failure: BaseException | None = None

    def work(self) -> None:
        """What one thread does: the first task that is ready, until none is left."""
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
        """Nothing more is begun."""
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
    """Modes that watch operators are those of one thread, and so is what `torch.func` wraps; a GPU has its own crew."""
    plain = type(like) is Tensor and not is_wrapped(like)
    return like.device.type == "cpu" and plain and not is_watched()


def _crew(threads: int) -> ThreadPoolExecutor:
    with _forming:
        if threads not in _crews:
            _crews[threads] = _formed(threads)
        return _crews[threads]


def _formed(threads: int) -> ThreadPoolExecutor:
    """Threads that divide nothing further. Torch hands the last number set to threads that are yet to come, so the
    caller's is set again once all have begun."""
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
    """A forked process has none of the threads, and nobody to open a lock that one of them held."""
    global _forming
    _forming = threading.Lock()
    _crews.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_left_behind)
