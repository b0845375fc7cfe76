"""Everything used of torch beyond its public interface, with what we rely on it for.

When torch changes, look here; `tests/backend/test_torch_internals.py` says which part has moved. `pyproject.toml`
limits torch to the versions that this was written for.

Nothing is imported from `torch._dynamo` or `torch._inductor` before a function is compiled, since the import alone
already writes to the cache.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._C import _functorch
from torch.autograd import forward_ad

Called = Callable[..., Any]
MACHINERY = ("torch._dynamo", "torch._inductor")
"""The packages that define the exceptions of `torch.compile`."""

# How torch binds a compiled Inductor kernel to Python, and a version that releases the GIL while the kernel runs.
LOCKED = "kernel({}); Py_RETURN_NONE;"
UNLOCKED = """[](auto... arguments) {{
    struct Unlocked {{
        PyThreadState* state = PyEval_SaveThread();
        ~Unlocked() {{ PyEval_RestoreThread(state); }}
    }} unlocked;
    kernel(arguments...);
}}({}); Py_RETURN_NONE;"""

_binding = threading.Lock()
_apart = threading.Lock()
_apart_now, _of_all = list[None](), ExitStack()
"""A mark for each thread in `sizes_apart`, and the change of a setting that they share."""


def in_functional_transform() -> bool:
    """Whether a transform of `torch.func` is active."""
    return bool(torch._C._are_functorch_transforms_active())


def in_transform_beyond_reverse_mode() -> bool:
    """Whether `torch.func.vmap` or forward mode of `torch.func` is active."""
    if not in_functional_transform():
        return False
    beyond = _functorch.TransformType.Vmap, _functorch.TransformType.Jvp
    return any(transform.key() in beyond for transform in _functorch.get_interpreter_stack() or ())


def forward_transforms() -> int:
    """The number of nested forward-mode transforms of `torch.func`."""
    stack = _functorch.get_interpreter_stack() if in_functional_transform() else None
    return sum(transform.key() == _functorch.TransformType.Jvp for transform in stack or ())


def in_dual_level() -> bool:
    """Whether forward mode may be active: outside of it, torch refuses to look up a tensor's tangent."""
    return forward_ad._current_level >= 0


def is_wrapped(tensor: Tensor) -> bool:
    """Whether a transform of `torch.func` has wrapped the tensor."""
    return bool(_functorch.is_functorch_wrapped_tensor(tensor))


def is_batched(tensor: Tensor) -> bool:
    """Whether the tensor is batched by `torch.func.vmap`."""
    return bool(_functorch.is_batchedtensor(tensor))


def unwrapped(tensor: Tensor) -> Tensor:
    """The tensor below all transforms of `torch.func`."""
    while is_wrapped(tensor):
        tensor = _functorch.get_unwrapped(tensor)
    return tensor


def version_of(tensor: Tensor) -> int:
    """How often the tensor was modified in place."""
    return tensor._version


def is_watched() -> bool:
    """Whether this thread has a mode that sees every operator, such as a fake mode or a memory profiler."""
    return bool(torch._C._len_torch_dispatch_stack() or torch._C._len_torch_function_stack())


@contextmanager
def sizes_apart() -> Iterator[None]:
    """Inside the block, sizes that happen to be equal when a function is compiled are not assumed to be equal."""
    with _patched_by_all() if _settings_are_shared() else _patched():
        yield


def _settings_of_shapes() -> Any:
    import torch.fx.experimental._config

    return torch.fx.experimental._config


def _patched() -> AbstractContextManager[None]:
    patch: AbstractContextManager[None] = _settings_of_shapes().patch(use_duck_shape=False)
    return patch


@contextmanager
def _patched_by_all() -> Iterator[None]:
    """The first thread that enters changes the setting, and the last one that leaves puts it back."""
    with _apart:
        if not _apart_now:
            _of_all.enter_context(_patched())
        _apart_now.append(None)
    try:
        yield
    finally:
        with _apart:
            _apart_now.pop()
            if not _apart_now:
                _of_all.close()


@cache
def _settings_are_shared() -> bool:
    """Whether all threads have the same settings, as in torch 2.11, or each its own."""
    elsewhere = list[bool]()
    with _apart, _patched():
        thread = threading.Thread(target=lambda: elsewhere.append(_settings_of_shapes().use_duck_shape))
        thread.start()
        thread.join()
    return elsewhere == [False]


def expect_other_sizes(tensor: Tensor, axis: int) -> None:
    """Compile for any size of this axis of the tensor, if possible."""
    torch._dynamo.maybe_mark_dynamic(tensor, axis)


def graphs_allowed() -> int:
    """How many times Dynamo compiles one function before it gives up."""
    limit: int = torch._dynamo.config.recompile_limit
    return limit


def compilers_tried() -> list[str]:
    """The C++ compilers that Inductor tries."""
    from torch._inductor import config

    return [name for name in config.cpp.cxx if name]


def compile_for_one_thread(graph: torch.fx.GraphModule, inputs: Sequence[Tensor]) -> Called:
    """Compile a graph with Inductor, with kernels for one thread. They release the GIL while they run, if torch binds
    them in the way that this was written for; otherwise they hold it, which is slower but just as correct."""
    import torch._inductor

    with _unlocked():
        compiled: Called = torch._inductor.compile(graph, list(inputs), {"cpp.threads": 1})
        return compiled


def kernels_keep_the_lock() -> bool:
    """Whether torch binds kernels in another way than this was written for."""
    return getattr(_bindings(), "call_entry_function", None) != LOCKED


@contextmanager
def _unlocked() -> Iterator[None]:
    with _binding:
        if kernels_keep_the_lock():
            yield
            return
        bound = _bindings()
        bound.call_entry_function = UNLOCKED
        try:
            yield
        finally:
            bound.call_entry_function = LOCKED


def _bindings() -> Any:
    from torch._inductor import codecache

    return getattr(codecache, "CppPythonBindingsCodeCache", None)
