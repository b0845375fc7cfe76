"""How a run ended that cannot go on: the refusal that ended it goes into ended.json, and comes out of it again.

A run that is trained again forgets it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import BaseModel, ConfigDict, ValidationError

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded, read_file
from runner.records.folder import ENDING, RunFolder
from runner.records.record import write_json


class Ending(BaseModel):
    """What ended a run, and what to try."""

    model_config = ConfigDict(frozen=True)

    reason: str
    help: str = ""


@contextmanager
def noted(run: RunFolder, kind: type[InputError], writes: bool) -> Iterator[None]:
    """A refusal of this kind that ends the block is written down by the process that writes, and goes on."""
    try:
        yield
    except kind as refusal:
        if writes:
            with suppress(InputError):  # the reason itself counts more than that it cannot be kept
                write_json(run / ENDING, Ending(reason=refusal.message, help=refusal.help).model_dump())
        raise


def read_ending(run: RunFolder) -> Ending | None:
    """None where training ended at an epoch or was stopped. Raises `InputError` for a file that is damaged."""
    path = run / ENDING
    if not path.exists():
        return None
    try:
        return Ending.model_validate_json(read_file(path))
    except ValidationError:
        raise InputError(f"{path} is damaged.", "Delete it; the run can be resumed without.") from None


def forget_ending(run: RunFolder) -> None:
    """Before a run is trained again."""
    with guarded(run / ENDING, "cleared"):
        (run / ENDING).unlink(missing_ok=True)
