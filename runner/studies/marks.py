"""What distinguishes the folder of a study from that of a search for losses, and the command that continues each.

Nothing heavy is imported: a command line looks here before it knows what it needs.
"""

from collections.abc import Iterator
from pathlib import Path

from alphadsl.storage import make_folder, read_file, write_file

STUDY, SEARCH = "study.sqlite", "search.json"
LIST = "candidates.jsonl"
"""The file that a search for losses hands on."""
COMMAND = "command.txt"


def find_marked(studies_dir: Path, *marks: str) -> Iterator[Path]:
    """The folders that have one of the marks, sorted by name."""
    yield from sorted({path.parent for mark in marks for path in studies_dir.glob(f"*/{mark}") if path.is_file()})


def keep_command(folder: Path, command: str) -> None:
    """Save the command that last worked on a folder."""
    make_folder(folder)
    write_file(folder / COMMAND, f"{command}\n".encode())


def command_of(folder: Path) -> str:
    """The command that was given last; empty if none is known."""
    path = folder / COMMAND
    return read_file(path).decode("utf-8", errors="replace").strip() if path.is_file() else ""
