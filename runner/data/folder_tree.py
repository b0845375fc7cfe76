"""A folder of images as a tree: a path comes in, images and folders in it come out, without what systems leave there.

Links are followed, each as often as it is met, except those that lead back to a folder they lie in. Refused: a folder
that cannot be listed.
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
"""Names that systems and tools leave behind, in lower case; so does whatever starts with a dot."""


@dataclass
class LeftOut:
    """What was passed over, by count."""

    hidden: int = 0
    cycles: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """Files that are not images, by the ending of their names."""

    def tell(self) -> list[str]:
        endings = ", ".join(f"{ending or 'without ending'} {count:,}" for ending, count in self.others.most_common(5))
        more = ", and others" if len(self.others) > 5 else ""
        counts = {
            "not images": f"{self.others.total():,} ({endings}{more})" if self.others else "",
            "hidden or a system's": self.hidden,
            "links that lead back to a folder they lie in": self.cycles,
        }
        return [f"left out, {what}: {count}" for what, count in counts.items() if count]


@dataclass(frozen=True)
class Folder:
    """A folder with the images directly in it and the folders in it, by name."""

    path: Path
    images: tuple[Path, ...]
    folders: tuple["Folder", ...]

    def all_images(self) -> list[Path]:
        """Its own images, then those of its folders, at any depth."""
        return [*self.images, *(path for folder in self.folders for path in folder.all_images())]


def read_tree(path: Path, left_out: LeftOut, above: frozenset[Path] = frozenset()) -> Folder:
    """The folder at `path`. Raises `InputError` where it cannot be listed."""
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
                folders.append(read_tree(entry, left_out, lineage))
        elif is_image_name(entry):
            images.append(entry)
        else:
            left_out.others[entry.suffix.lower()] += 1
    return Folder(path, tuple(images), tuple(folders))


def _list(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError as fault:
        raise InputError(f"The folder {path} cannot be listed: {fault.strerror}.", "Look at its permissions.") from None
