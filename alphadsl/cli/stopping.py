"""Stopping a command: a signal comes in; one line on how to continue, and the exit code that shells expect, come out.

Until a command has something to lose, a signal ends the process at once, since an exception in the middle of an import
turns into whatever that import makes of it. Inside `stoppable` the signal is raised as an exception, so that files are
closed and terminals restored. A signal that was ignored when the process started (nohup) stays ignored.
"""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from alphadsl.storage import leave_nothing_unfinished
from runner.settings.processes import leads, local_world_size, world_size
from runner.training.stopping import SIGNALS

AFRESH = ("--overwrite", "--resume", "--resume-last-good")
"""What `train` does with runs that exist."""
SIGNALLED = 128
"""What shells add to the number of a signal."""


class Stopped(KeyboardInterrupt):
    """Raised by a signal that ends the command."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def exit_code_of(stop: KeyboardInterrupt) -> int:
    return SIGNALLED + (stop.number if isinstance(stop, Stopped) else signal.SIGINT)


def leave_at_once(number: int, _: FrameType | None) -> None:
    leave_nothing_unfinished()
    if leads():
        with suppress(OSError):  # a terminal that hung up
            os.write(2, f"Stopped by {signal.Signals(number).name}.\n".encode())
    os._exit(SIGNALLED + number)


def raise_stopped(number: int, _: FrameType | None) -> None:
    raise Stopped(number)


def listen(handler: "signal._HANDLER") -> None:
    """Set the handler of all signals that are not ignored, in the main thread."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                signal.signal(number, handler)


@contextmanager
def stoppable(advice: str) -> Iterator[None]:
    """End a command that is stopped inside the block with a line of advice, and the exit code of the signal."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    listen(raise_stopped)
    try:
        yield
    except KeyboardInterrupt as stop:
        code = exit_code_of(stop)
        if leads():
            typer.echo(f"Stopped by {signal.Signals(code - SIGNALLED).name}. {advice}", err=True)
        raise typer.Exit(code) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                if handler is not None:
                    signal.signal(number, handler)


def command_as_typed() -> str:
    return shlex.join(["alphadsl", *sys.argv[1:]])


def command_to_go_on() -> str:
    """The command as it was typed, with --resume."""
    return command_again("--resume")


def command_again(*added: str, without: Sequence[str] = ()) -> str:
    """The command as it was typed, with other words at its end, and `without` some options and their values."""
    words, typed = [], iter(sys.argv[1:])
    for word in typed:
        if word in without:
            next(typed, None)
        elif word not in AFRESH and word.partition("=")[0] not in without:
            words.append(word)
    start = ["alphadsl"]
    if world_size() > 1:
        start = ["torchrun", f"--nproc-per-node={local_world_size()}", "-m", "alphadsl"]
    return shlex.join([*start, *words, *added])
