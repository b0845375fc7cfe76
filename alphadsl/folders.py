"""Folders on this machine: the package's own data, and the cache for results that are expensive to compute again."""

import os
from pathlib import Path

from platformdirs import user_cache_path

# Read by path: a user's folder called specs or grammar must not be mistaken for ours.
BESIDE = Path(__file__).parents[1]
SPECS = BESIDE / "specs"
GRAMMAR = BESIDE / "grammar" / "alpha.lark"


def kept_file(name: str) -> Path | None:
    """A file in the user's cache folder, which nobody else can write to; None if there is no such folder."""
    try:
        folder = user_cache_path("alphadsl", appauthor=False)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder / name if os.access(folder, os.W_OK) else None
