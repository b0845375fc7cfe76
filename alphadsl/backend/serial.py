"""Functions compiled to run side by side: each in one thread that releases the GIL.

By default Inductor divides a kernel among the cores available at compile time and holds the GIL while it runs; both
would defeat the purpose of running tiles side by side.
"""

import threading
from collections.abc import Callable
from typing import Any

import torch

from alphadsl.backend.torch_internals import compile_for_one_thread

Called = Callable[..., Any]


def compile_serial(function: Called) -> Called:
    """The function through Inductor, as one whole graph for any sizes."""
    return torch.compile(function, fullgraph=True, dynamic=True, backend=compile_for_one_thread)


class FirstAlone:
    """If several threads make the first call of a function, one compiles and the others wait."""

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
