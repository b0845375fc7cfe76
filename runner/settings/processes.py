"""Which of several processes this is: the variables that torchrun sets come in; counts and ranks come out."""

import os


def world_size() -> int:
    """The number of processes that train one run together, on all machines."""
    return _number("WORLD_SIZE", 1)


def local_world_size() -> int:
    """The number of them on this machine."""
    return _number("LOCAL_WORLD_SIZE", world_size())


def rank() -> int:
    """The rank of this process among all, from 0."""
    return _number("RANK", 0)


def local_rank() -> int:
    """Its rank among those on this machine, from 0."""
    return _number("LOCAL_RANK", rank())


def leads() -> bool:
    """Whether this is the process that writes, probes and prints."""
    return rank() == 0


def _number(variable: str, otherwise: int) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isdecimal() else otherwise
