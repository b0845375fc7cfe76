"""A folder of images as a tree: a path comes in; the images and folders in it come out, without the files that
operating systems leave there.

Symbolic links are followed each time they are met, except those that lead back to a folder above them. Refused: a
folder that cannot be listed.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from alphadsl.report.exceptions import InputError
from runner.data.image_file import is_image_name

SYSTEM = frozenset(
    (
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "system volume information"),
        *("__macosx", "@eadir", "#recycle", "lost+found", "__pycache__"),
    )
)
"""Names that systems and tools leave behind, in lower case. Names that start with a dot are left out too."""


@dataclass
class LeftOut:
    """Counts of what was left out."""

    hidden: int = 0
    cycles: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """Files that are not images, by file extension."""

    def tell(self) -> list[str]:
        endings = ", ".join(f"{ending or 'no extension'} {count:,}" for ending, count in self.others.most_common(5))
        more = ", and others" if len(self.others) > 5 else ""
        counts = {
            "not images": f"{self.others.total():,} ({endings}{more})" if self.others else "",
            "hidden or system files": self.hidden,
            "links that lead back to a folder above them": self.cycles,
        }
        return [f"left out, {what}: {count}" for what, count in counts.items() if count]


@dataclass(frozen=True)
class Folder:
    """A folder, the images directly in it, and its subfolders, by name."""

    path: Path
    images: tuple[Path, ...]
    folders: tuple["Folder", ...]

    def all_images(self) -> list[Path]:
        """The images of this folder, then those of its subfolders at any depth."""
        return [*self.images, *(path for folder in self.folders for path in folder.all_images())]


def check_folder(path: Path, remedy: str) -> None:
    """Raises `InputError` if there is no folder at `path`."""
    if not path.is_dir():
        raise InputError(f"{path} is not a folder." if path.exists() else f"The folder {path} does not exist.", remedy)


def read_tree(path: Path, left_out: LeftOut) -> Folder:
    """The folder at `path`. Raises `InputError` if it cannot be listed."""
    return _read(path, left_out, frozenset(path.resolve().parents))


def _read(path: Path, left_out: LeftOut, above: frozenset[Path]) -> Folder:
    images: list[Path] = []
    folders: list[Folder] = []
    lineage = above | {path.resolve()}
    for entry in _list(path):
        if entry.name.startswith(".") or entry.name.lower() in SYSTEM:
            left_out.hidden += 1
        elif entry.is_dir():
            if entry.is_symlink() and entry.resolve() in lineage:
                left_out.cycles += 1
            else:
                folders.append(_read(entry, left_out, lineage))
        elif is_image_name(entry):
            images.append(entry)
        else:
            left_out.others[entry.suffix.lower()] += 1
    return Folder(path, tuple(images), tuple(folders))


def _list(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError as fault:
        raise InputError(f"The folder {path} cannot be listed: {fault.strerror}.", "Check its permissions.") from None
