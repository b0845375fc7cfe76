"""The checkpoints of a run as files: which there are, which are deleted, and where one goes that cannot be used."""

from pathlib import Path

from alphadsl.storage import guarded
from runner.records.folder import RunFolder


def thin_out(run: RunFolder, count: int) -> None:
    """Delete all but the last `count` of the checkpoints that precede the last one."""
    with guarded(run.path, "cleared"):
        for path in run.earlier_checkpoints[count:]:
            path.unlink(missing_ok=True)


def candidates(run: RunFolder) -> tuple[tuple[Path, ...], ...]:
    """Where a checkpoint may be, the newest of each kind first: the last, those before it, those kept for good."""
    return (run.checkpoint,), run.earlier_checkpoints, tuple(reversed(run.checkpoints))


def set_aside(path: Path) -> Path:
    """Move a file out of the way without losing it; its new place."""
    with guarded(path, "moved"):
        place = path.with_name(f"{path.name}.damaged")
        count = 1
        while place.exists():
            count += 1
            place = path.with_name(f"{path.name}.damaged-{count}")
        return path.rename(place)
