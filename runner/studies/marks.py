"""What distinguishes the folder of a study from that of a search for losses, and the command that continues each.

Nothing heavy is imported: a command line looks here before it knows what it needs.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder, read_file, write_file

STUDY, SEARCH = "study.sqlite", "search.json"
LIST = "candidates.jsonl"
"""The file that a search for losses hands on."""
COMMAND = "command.txt"
REPEAT = "Repeat its command, with the same specs, to continue it."
KINDS: Mapping[str, str] = MappingProxyType({STUDY: "a study of sweep", SEARCH: "a search of discover"})


def find_marked(studies_dir: Path, *marks: str) -> Iterator[Path]:
    """The folders that have one of the marks, sorted by name."""
    yield from sorted({path.parent for mark in marks for path in studies_dir.glob(f"*/{mark}") if path.is_file()})


def check_kind(folder: Path, mark: str) -> None:
    """Raises `InputError` if the folder belongs to the other kind: their commands and what they hand on would mix."""
    for other in (kind for kind in KINDS if kind != mark and (folder / kind).is_file()):
        raise InputError(f"{folder} is {KINDS[other]}, not {KINDS[mark]}.", "Give --name for another folder.")


def keep_command(folder: Path, command: str) -> None:
    """Save the command that last worked on a folder."""
    make_folder(folder)
    write_file(folder / COMMAND, f"{command}\n".encode())


def command_of(folder: Path) -> str:
    """The command that was given last; empty if none is known."""
    path = folder / COMMAND
    return read_file(path).decode("utf-8", errors="replace").strip() if path.is_file() else ""
