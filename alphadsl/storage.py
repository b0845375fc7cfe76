"""Reading and writing files for the user: content comes in and is written as a whole, or the content of a file comes
out.

A file is written under a temporary name, flushed to disk and moved into place, so that a kill, a full disk or an error
at any moment leaves either the old file or the new one. What a kill leaves behind under a temporary name is deleted
when the file is written again, an hour later or more. Refused, in one line that names the file: whatever the file
system refuses.
"""

import errno
import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alphadsl.report.exceptions import InputError

PARTIAL = ".partial"
"""Suffix of the name of a file that is being written; the name begins with a dot and the final name."""

_LONGEST_STEM = 100
_ABANDONED_SECONDS = 3600.0
"""Age from which a file that is still being written belongs to a process that was killed."""
_unfinished: set[Path] = set()
"""What this process is writing."""
RESUMED = ", with --resume if a run was under way"
"""What a command that resumes its runs by itself leaves out of the help."""
_ROOM = f"Free space on its disk, then repeat the command{RESUMED}."
_PLACE = "Check its permissions, or choose another place."
_REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: f"Raise the limit on the size of a file (ulimit -f), then repeat the command{RESUMED}.",
    errno.EACCES: _PLACE,
    errno.EPERM: _PLACE,
    errno.EROFS: _PLACE,
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ENOENT: "Check the spelling of its path.",
    errno.ENOTDIR: "One of the folders in it is a file: choose another place.",
    errno.EISDIR: "Choose another name.",
}


@contextmanager
def guarded(path: Path, action: str) -> Iterator[None]:
    """Turn an `OSError` inside the block into `InputError`: PATH cannot be ACTION, and why."""
    try:
        yield
    except OSError as fault:
        raise refusal_of(fault, path, action) from None


def refusal_of(fault: OSError, path: Path | str, action: str) -> InputError:
    reason = fault.strerror or str(fault) or type(fault).__name__
    return InputError(f"{_shortened(path)} cannot be {action}: {reason}.", _REMEDIES.get(fault.errno or 0, ""))


def read_file(path: Path) -> bytes:
    with guarded(path, "read"):
        return path.read_bytes()


def write_file(path: Path, content: bytes) -> None:
    """Replace the content of a file as a whole. Links are followed, permissions are kept, devices are written to.
    Raises `InputError`."""
    with guarded(path, "written"):
        target = _followed(path)
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        _delete_abandoned(target)
        aside = _aside(target)
        _unfinished.add(aside)
        try:
            _write_down(aside, content)
            if target.exists():
                aside.chmod(target.stat().st_mode)
            aside.replace(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        finally:
            _unfinished.discard(aside)
        _write_down_names(target.parent)


def leave_nothing_unfinished() -> None:
    """Delete what is being written, before the process ends without an exception."""
    for aside in list(_unfinished):
        with suppress(OSError):
            aside.unlink()


def _delete_abandoned(target: Path) -> None:
    for aside in target.parent.glob(f".{glob.escape(target.name[:_LONGEST_STEM])}.*{PARTIAL}"):
        with suppress(OSError):
            if time.time() - aside.stat().st_mtime > _ABANDONED_SECONDS:
                aside.unlink()


def _followed(path: Path) -> Path:
    """The target of a link. Raises `OSError` for links that form a cycle."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def keep_as(path: Path, other: Path) -> None:
    """Give a file a second name that keeps its content when the first name is replaced: a hard link, or a copy."""
    aside = _aside(other)
    try:
        os.link(path, aside)
    except OSError:  # not every file system has links
        write_file(other, read_file(path))
        return
    with guarded(other, "written"):
        try:
            aside.replace(other)
        finally:
            aside.unlink(missing_ok=True)  # nothing is moved if both names already refer to one file
        _write_down_names(other.parent)


def check_writable(path: Path) -> None:
    """Check that a file can be written, before the work whose result it will hold. Raises `InputError` if it cannot."""
    with guarded(path, "written"):
        if not path.name or path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def make_folder(path: Path) -> None:
    with guarded(path, "made"):
        path.mkdir(parents=True, exist_ok=True)


def make_subfolder(path: Path) -> None:
    """Make a folder in one that exists, so that a folder that was moved away is not begun again at its old place."""
    with guarded(path, "made"):
        path.mkdir(exist_ok=True)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name[:_LONGEST_STEM]}.{os.urandom(4).hex()}{PARTIAL}")


def _write_down(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_down_names(folder: Path) -> None:
    """Flush the new name to disk too, if the system supports that for folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as fault:
        if fault.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _shortened(path: Path | str) -> str:
    text = str(path)
    return text if len(text) <= 2 * _LONGEST_STEM else f"{text[:_LONGEST_STEM]}..."
