"""The status of a run as a whole."""

from enum import StrEnum


class Status(StrEnum):
    """What state a run is in."""

    DONE = "done"
    RUNNING = "running"
    """A process is using its folder."""
    STOPPED = "stopped"
    """It has epochs left to train."""
    DIVERGED = "diverged"
    NOT_PROBED = "not probed"
    """It has all its epochs and labelled images, but no probe of its last weights."""
    DAMAGED = "damaged"
    """Its files cannot be read, or belong to different runs."""
