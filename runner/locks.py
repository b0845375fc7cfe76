"""Locks between processes: the path of a lock file comes in; whether it could be locked comes out. A lock is the
operating system's, which frees it however its process ends.

Some file systems have no locks: NFS without its lock service, Lustre mounted without `flock`. Work continues there,
after one line about it. Refused: a file that another process has locked, and one that cannot be written.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from alphadsl.report.exceptions import InputError
from alphadsl.storage import refusal_of
from runner.progress import tell

LACKING = frozenset({errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP})
_warned: set[int] = set()
"""The file systems that the user knows about."""


class HeldError(InputError):
    """Raised when another process holds the lock."""


@contextmanager
def lock_file(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold a lock inside the block, after waiting for it if that is asked for. Yields whether there are locks at all.

    Raises `HeldError`, or `InputError` if the file cannot be written.
    """
    # The library's own substitute, a file that exists while the lock is held, would outlive a process that is killed.
    lock = FileLock(path, timeout=-1 if wait else 0, fallback_to_soft=False)
    held = _acquire(lock, path)
    try:
        yield held
    finally:
        lock.release()


def _acquire(lock: FileLock, path: Path) -> bool:
    try:
        lock.acquire()
    except Timeout:
        raise HeldError(f"Another process holds {path}.", "Wait until it has ended.") from None
    except OSError as fault:
        if fault.errno not in LACKING:
            raise refusal_of(fault, path, "locked") from None
        _tell_once(path.parent)
        return False
    return True


def _tell_once(folder: Path) -> None:
    device = folder.stat().st_dev
    if device not in _warned:
        _warned.add(device)
        tell(f"The file system of {folder} has no locks, so two processes could use one run: start each run only once.")
