"""Removing runs: a run folder comes in; everything that the runner did not write stays, and its paths come out.

Refused: a folder that is not a run of ours, one that a process is using, and one with edited files or links.
"""

from pathlib import Path

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded
from runner.records.folder import LOCK, RunFolder, State, check_free_of_others, check_untouched, clear, locked, state_of


def check_removable(run: RunFolder) -> None:
    """Raises `InputError` if a run cannot be removed; called before any run is."""
    if state_of(run) is State.EARLIER:
        raise InputError(
            f"{run.path} was written by an earlier alphadsl, which did not mark its files as its own.",
            "Delete it by hand, if nothing in it is yours.",
        )
    if not run.marker.is_file():
        raise InputError(f"{run.path} is not a run, so nothing in it is removed.", "Name a run: alphadsl runs")
    check_untouched(run)
    check_free_of_others(run)


def remove(run: RunFolder) -> tuple[Path, ...]:
    """Delete what the runner wrote, and the folder if nothing else is in it. Returns the paths that stay."""
    check_removable(run)
    place = RunFolder(run.path.resolve())
    with locked(place):
        clear(place)
        with guarded(place.path, "removed"):
            place.marker.unlink()
            (place / LOCK).unlink(missing_ok=True)
            left = sorted(path.name for path in place.path.iterdir())
            if not left:
                place.path.rmdir()
    if run.path.is_symlink():
        return (run.path,)
    return tuple(run.path / name for name in left)
