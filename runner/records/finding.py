"""Finding runs: names come in; folders come out. A folder that is not a run is reported when it is read, so that it
does not block others.
"""

from collections.abc import Sequence
from pathlib import Path

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded
from runner.records.folder import RunFolder, is_run


def find_runs(names: Sequence[str], runs_dir: Path) -> list[RunFolder]:
    """The runs named by path or by their name below `runs_dir`; all runs there, if none is named.

    Raises `InputError` for a name that is neither.
    """
    if not names:
        with guarded(runs_dir, "read"):
            paths = sorted(runs_dir.iterdir()) if runs_dir.is_dir() else []
        return [RunFolder(path) for path in paths if path.is_dir() and is_run(path)]
    return [RunFolder(_find(name, runs_dir)) for name in names]


def _find(name: str, runs_dir: Path) -> Path:
    given = Path(name)
    with guarded(given, "read"):
        paths = [path for path in (given, runs_dir / name) if path.exists()]
    if paths:
        return next((path for path in paths if is_run(path)), paths[0])
    raise InputError(f"There is no run {runs_dir / name}.", "Name a run folder, or give --runs-dir DIR.")
