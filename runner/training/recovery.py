"""Which checkpoint a run can continue from: a run folder comes in; its last checkpoint comes out, or the last good one.

Refused, with the name of the last good one: a last checkpoint that is missing, damaged, newer or from another run.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch

from alphadsl.report.exceptions import InputError
from alphadsl.storage import keep_as
from runner.progress import tell
from runner.records.checkpoints import candidates, set_aside
from runner.records.folder import ANOTHER, RunFolder
from runner.records.record import check_whose
from runner.training.checkpoint import Checkpoint, load_checkpoint

CPU = torch.device("cpu")


def load_last(run: RunFolder, device: torch.device) -> Checkpoint:
    """The last checkpoint of a run. Raises `InputError`, which names the last good one, if it cannot be used."""
    try:
        return _load_own(run, run.checkpoint, device)
    except InputError as refusal:
        last = last_good(run)
        if last is None:
            raise
        path, good = last
        raise InputError(
            f"{refusal.message} The last good one is {path}, of step {good.step:,}.",
            "Put a copy of it back, or give train --resume-last-good to continue from there.",
        ) from None


def last_good(run: RunFolder) -> tuple[Path, Checkpoint] | None:
    """The path and content of the newest usable checkpoint, in whatever state the last one is."""
    newest = (_first_good(run, paths) for paths in candidates(run))
    return max((good for good in newest if good is not None), key=lambda good: good[1].step, default=None)


def go_back(run: RunFolder) -> None:
    """Make the last good checkpoint the last one; the one that cannot be used is moved aside.

    Raises `InputError` if there are checkpoints and none is good.
    """
    last = last_good(run)
    if last is None:
        if not any(path.exists() for paths in candidates(run) for path in paths):
            return  # the run was killed before its first checkpoint
        raise InputError(f"The run {run.path} has no good checkpoint.", f"Put a copy of one back. {ANOTHER}")
    path, good = last
    if path == run.checkpoint:
        return
    if run.checkpoint.exists():
        tell(f"{run.checkpoint} cannot be used; it is now {set_aside(run.checkpoint)}.")
    keep_as(path, run.checkpoint)
    tell(f"{run.path} continues from {path}, of step {good.step:,}.")


def _load_own(run: RunFolder, path: Path, device: torch.device) -> Checkpoint:
    checkpoint = load_checkpoint(path, device)
    check_whose(run, checkpoint.record, path)
    return checkpoint


def _first_good(run: RunFolder, paths: Sequence[Path]) -> tuple[Path, Checkpoint] | None:
    for path in paths:
        with suppress(InputError):
            return path, _load_own(run, path, CPU)
    return None
