"""What can be said of a run as a whole."""

from enum import StrEnum


class Status(StrEnum):
    """Where a run stands."""

    DONE = "done"
    RUNNING = "running"
    """A process is at work in its folder."""
    STOPPED = "stopped"
    """It has epochs to go."""
    DIVERGED = "diverged"
    NOT_PROBED = "not probed"
    """It has all its epochs, and images with labels, and no probe of its last weights."""
    DAMAGED = "damaged"
    """Its files cannot be read, or are not of one run."""
