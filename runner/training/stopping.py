"""Stop signals during training: a signal comes in, and is obeyed once the state of the run can be saved.

A signal in the middle of a step would leave weights that are half updated. It is held back until the step is done, and
then passed to its previous handler: the command line, a debugger, or the system, which ends the process. A second
signal is not held back. With several processes, rank 0 handles the signal, and the others end once it has left. A
signal that was ignored when the process started (nohup) stays ignored.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from runner.settings.processes import leads, world_size

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a command: Ctrl-C, batch systems, a closed terminal."""


class StopSignals:
    """Holds signals back inside a `with` block, until `obey`."""

    def __init__(self) -> None:
        self._before: dict[int, signal._HANDLER] = {}
        self._held: int | None = None

    @property
    def held(self) -> bool:
        """Whether the run was asked to stop."""
        return self._held is not None

    def obey(self) -> None:
        """Pass a signal that was held back to its own handler, which raises `KeyboardInterrupt` or ends the process."""
        if self._held is not None:
            number, self._held = self._held, None
            self._give_back()
            signal.raise_signal(number)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """No weights change inside the block, so signals need not wait, except those that would end the process."""
        if not leads():
            yield
            return
        mine = {number: handler for number, handler in self._before.items() if callable(handler)}
        for number, handler in mine.items():
            signal.signal(number, handler)
        try:
            yield
        finally:
            for number in mine:
                signal.signal(number, self._hold)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if handler not in (signal.SIG_IGN, None):
                    self._before[number] = handler
                    signal.signal(number, self._hold if leads() else signal.SIG_IGN)
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    def _hold(self, number: int, _: FrameType | None) -> None:
        if self._held is not None and world_size() == 1:  # torchrun repeats the signal of a terminal
            self._give_back()
            signal.raise_signal(number)
            return
        self._held = number
        with contextlib.suppress(OSError):  # a terminal that hung up
            os.write(2, b"\nStopping after this step; interrupt again to stop at once.\n")

    def _give_back(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)
