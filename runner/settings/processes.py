"""Which of several processes this one is: the variables that torchrun sets come in; counts and places come out."""

import os


def world_size() -> int:
    """The processes that train one run together, on all machines."""
    return _number("WORLD_SIZE", 1)


def local_world_size() -> int:
    """Those on this machine."""
    return _number("LOCAL_WORLD_SIZE", world_size())


def rank() -> int:
    """The place of this one among all, from 0."""
    return _number("RANK", 0)


def local_rank() -> int:
    """Its place among those on this machine, from 0."""
    return _number("LOCAL_RANK", rank())


def leads() -> bool:
    """Whether this is the process that writes, probes and speaks."""
    return rank() == 0


def _number(variable: str, otherwise: int) -> int:
    told = os.environ.get(variable, "")
    return int(told) if told.isdecimal() else otherwise
