"""A command that several processes run together, as torchrun starts them: only one of them prints.

Errors that every process finds by itself, such as a wrong flag, are printed by the first process of each machine;
errors that they find together, by rank 0. The other processes then exit silently and with success: the launcher ends
all processes when one fails, and the one that prints may not be done.
"""

import os
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import wraps
from pathlib import Path

import typer

from alphadsl.report.exceptions import InputError, SpecError
from runner.settings.processes import leads, local_rank


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


def _is_shared(refusal: Exception) -> bool:
    from runner.training.together import SharedRefusal

    return isinstance(refusal, SharedRefusal)
