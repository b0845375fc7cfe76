"""Functions compiled to run beside each other: each in one thread, which lets other threads use Python meanwhile.

A kernel that Inductor compiles is divided among as many cores as there were then, and keeps Python's lock while it
runs; both would undo what tiles side by side are for.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

Called = Callable[..., Any]
UNLOCKED = """[](auto... arguments) {{
    struct Unlocked {{
        PyThreadState* state = PyEval_SaveThread();
        ~Unlocked() {{ PyEval_RestoreThread(state); }}
    }} unlocked;
    kernel(arguments...);
}}({}); Py_RETURN_NONE;"""
LOCKED = "kernel({}); Py_RETURN_NONE;"

_binding = threading.Lock()


def compile_serial(function: Called) -> Called:
    """The function through Inductor, as a whole graph for any sizes."""
    return torch.compile(function, fullgraph=True, dynamic=True, backend=_serial)


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


def _serial(graph: torch.fx.GraphModule, inputs: Sequence[torch.Tensor]) -> Called:
    import torch._inductor

    with _unlocked():
        compiled: Called = torch._inductor.compile(graph, list(inputs), {"cpp.threads": 1})
        return compiled


@contextmanager
def _unlocked() -> Iterator[None]:
    """Kernels bound to Python meanwhile let go of its lock while they run, if torch binds them as this was written for;
    otherwise they keep it, which is slower and no less right."""
    from torch._inductor import codecache

    bound: Any = getattr(codecache, "CppPythonBindingsCodeCache", None)
    with _binding:
        if getattr(bound, "call_entry_function", None) != LOCKED:
            yield
            return
        bound.call_entry_function = UNLOCKED
        try:
            yield
        finally:
            bound.call_entry_function = LOCKED
