"""Output to a terminal that may close while work goes on: what it can no longer show is dropped."""

import errno
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def onto_terminal(descriptor: int, encoding: str) -> io.TextIOWrapper:
    """A stream to a terminal, line by line. When the terminal has closed, it drops what it is given."""
    return io.TextIOWrapper(io.BufferedWriter(_Terminal(descriptor, "w", closefd=False)), encoding, line_buffering=True)


@contextmanager
def outlasting_terminal() -> Iterator[None]:
    """Inside the block, `sys.stderr` is such a stream, if it is a terminal."""
    given = sys.stderr
    if given is None or not given.isatty():
        yield
        return
    given.flush()
    sys.stderr = onto_terminal(given.fileno(), given.encoding)
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = given


class _Terminal(io.FileIO):
    def write(self, content: "ReadableBuffer", /) -> int:
        try:
            return super().write(content) or 0
        except OSError as fault:
            if fault.errno != errno.EIO:
                raise
            return memoryview(content).nbytes
