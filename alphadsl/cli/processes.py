"""A command that several processes run together, as torchrun starts them: it speaks with one voice.

What all processes find wrong by themselves, as a flag, the first one of each machine tells; what they have found out
together, the first of all. The others then leave without a word, and without a failure, because whoever started them
ends all when one fails, and the one that speaks may not be done.
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
    """The command, of which only the first process writes results and says what was refused."""

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
