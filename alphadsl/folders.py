"""Folders on this machine: the package's own data, and where the tool keeps what it would otherwise work out again."""

import os
from pathlib import Path

from platformdirs import user_cache_path

# Read by path: a folder of the user's that is called specs or grammar must not be taken for ours.
BESIDE = Path(__file__).parents[1]
SPECS = BESIDE / "specs"
GRAMMAR = BESIDE / "grammar" / "alpha.lark"


def kept_file(name: str) -> Path | None:
    """A file of the user's own, which nobody else can write; None where there is no such place."""
    try:
        folder = user_cache_path("alphadsl", appauthor=False)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder / name if os.access(folder, os.W_OK) else None
