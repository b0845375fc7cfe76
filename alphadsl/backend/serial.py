"""Functions compiled to run beside each other: each in one thread, which lets other threads use Python meanwhile.

A kernel that Inductor compiles is divided among as many cores as there were then, and keeps Python's lock while it
runs; both would undo what tiles side by side are for.
"""

import threading
from collections.abc import Callable
from typing import Any

import torch

from alphadsl.backend.torch_internals import compile_for_one_thread

Called = Callable[..., Any]


def compile_serial(function: Called) -> Called:
    """The function through Inductor, as a whole graph for any sizes."""
    return torch.compile(function, fullgraph=True, dynamic=True, backend=compile_for_one_thread)


class FirstAlone:
    """Where several threads call a function first, one compiles and the others wait."""

    def __init__(self, function: Called) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._known = False

    def __call__(self, *arguments: Any) -> Any:
        if self._known:
            return self._function(*arguments)
        with self._lock:
            result = self._function(*arguments)
            self._known = True
        return result
