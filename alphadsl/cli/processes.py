"""A command that several processes run together, as torchrun starts them: only one of them prints. Refused: another
command of runs than `train`, since each process would do all of its work.

Errors that every process finds by itself, such as a wrong flag, are printed by the first process of each machine;
errors that they find together, by rank 0. The other processes then exit silently and with success: the launcher ends
all processes when one fails, and the one that prints may not be done.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import wraps
from pathlib import Path

import typer

from alphadsl.report.exceptions import InputError, SpecError
from runner.settings.processes import leads, local_rank, world_size

UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""The error of click, or of typer's own copy of click, about a command line that was not understood."""


def in_one_voice(command: Callable[..., None]) -> Callable[..., None]:
    """The command, of which only rank 0 writes results and prints errors."""

    @wraps(command)
    def spoken(*given: object, **named: object) -> None:
        if leads():
            command(*given, **named)
            return
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            try:
                command(*given, **named)
            except (InputError, SpecError) as refusal:
                if local_rank() == 0 and not _is_shared(refusal):
                    raise
                raise typer.Exit from None

    return spoken


@contextmanager
def reported_once() -> Iterator[None]:
    """Errors of usage inside the block, which every process finds, are left to the first process of each machine."""
    try:
        yield
    except UsageError:
        if local_rank() == 0:
            raise
        raise typer.Exit from None


def check_alone(command: str) -> None:
    """Raises `InputError` if several processes were started for this command, which one process does."""
    if world_size() == 1:
        return
    if local_rank() != 0:
        raise typer.Exit
    raise InputError(
        f"{world_size()} processes were started, but only alphadsl train can share its work among several.",
        f"Run alphadsl {command} without torchrun.",
    )


def _is_shared(refusal: Exception) -> bool:
    from runner.training.together import SharedRefusal

    return isinstance(refusal, SharedRefusal)
