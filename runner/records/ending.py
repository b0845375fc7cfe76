"""How a run ended that cannot continue: the error that ended it is written to ended.json, and read from there again.

The file is deleted when the run is trained again.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import BaseModel, ConfigDict, ValidationError

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded, read_file
from runner.records.folder import ENDING, RunFolder
from runner.records.record import write_json


class Ending(BaseModel):
    """The error that ended a run, and what to try."""

    model_config = ConfigDict(frozen=True)

    reason: str
    help: str = ""


@contextmanager
def noted(run: RunFolder, kind: type[InputError], writes: bool) -> Iterator[None]:
    """Record an error of this kind that ends the block, in the process that writes, and let it propagate."""
    try:
        yield
    except kind as refusal:
        if writes:
            with suppress(InputError):  # the error itself matters more than the failure to record it
                write_json(run / ENDING, Ending(reason=refusal.message, help=refusal.help).model_dump())
        raise


def read_ending(run: RunFolder) -> Ending | None:
    """None if training ended at an epoch or was stopped. Raises `InputError` for a damaged file."""
    path = run / ENDING
    if not path.exists():
        return None
    try:
        return Ending.model_validate_json(read_file(path))
    except ValidationError:
        raise InputError(f"{path} is damaged.", "Delete it; the run can be resumed without it.") from None


def forget_ending(run: RunFolder) -> None:
    """Delete the record of the ending, before a run is trained again."""
    with guarded(run / ENDING, "cleared"):
        (run / ENDING).unlink(missing_ok=True)
