"""Where the tool keeps what it would otherwise work out again, for this user on this machine."""

import os
from pathlib import Path


def kept_file(name: str) -> Path | None:
    """A file of the user's own, which nobody else can write; None where there is no such place."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = (Path(home) if home else Path.home() / ".cache") / "alphadsl"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder / name if os.access(folder, os.W_OK) else None
