"""The checkpoints of a run as files: which exist, which are deleted, and where one is moved that cannot be used."""

from pathlib import Path

from alphadsl.storage import guarded
from runner.records.folder import RunFolder


def thin_out(run: RunFolder, count: int) -> None:
    """Delete all but the newest `count` of the checkpoints before the last one."""
    with guarded(run.path, "cleared"):
        for path in run.earlier_checkpoints[count:]:
            path.unlink(missing_ok=True)


def candidates(run: RunFolder) -> tuple[tuple[Path, ...], ...]:
    """Where checkpoints may be, newest first in each kind: the last one, those before it, and those kept for good."""
    return (run.checkpoint,), run.earlier_checkpoints, tuple(reversed(run.checkpoints))


def set_aside(path: Path) -> Path:
    """Move a file out of the way without losing it. Returns its new path."""
    with guarded(path, "moved"):
        place = path.with_name(f"{path.name}.damaged")
        count = 1
        while place.exists():
            count += 1
            place = path.with_name(f"{path.name}.damaged-{count}")
        return path.rename(place)
