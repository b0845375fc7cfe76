"""Training time: the loop starts and stops a stopwatch, and a resumed run sets it to the recorded time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Stopwatch:
    """Seconds of the run and of the current epoch; saving and measuring do not count."""

    run: float = 0.0
    epoch: float = 0.0
    _since: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        self._since = time.perf_counter()
        try:
            yield
        finally:
            self._count()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time inside the block, whether the watch is running or not."""
        runs = self._since is not None
        self._count()
        try:
            yield
        finally:
            self._since = time.perf_counter() if runs else None

    def _count(self) -> None:
        if self._since is not None:
            spent = time.perf_counter() - self._since
            self.run, self.epoch, self._since = self.run + spent, self.epoch + spent, None
