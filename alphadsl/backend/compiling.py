"""Functions through `torch.compile`, and what happens where that fails: no C++ compiler, a cache that cannot be
written, a limit of Dynamo.

Nothing is imported from `torch._dynamo` or `torch._inductor` before a function is compiled, since the import alone
already writes to the cache.
"""

import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.torch_internals import MACHINERY, compilers_tried, expect_other_sizes, graphs_allowed

Called = Callable[..., Any]

_telling = threading.Lock()


@dataclass(frozen=True)
class Fault:
    """Why nothing could be compiled, and what to do about it."""

    reason: str
    remedy: str


class NotCompiled(Exception):
    """A function that must be compiled cannot be."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"the loss cannot be compiled: {fault.reason}")
        self.remedy = f'{fault.remedy}; compile="auto" runs without'


class Attempt:
    """A function that is compiled with `compile` at its first call. Once that has failed, it is not tried again: the
    function runs uncompiled, and `answer` is called with the fault. Errors in the arguments are left to the
    function."""

    def __init__(self, function: Called, compile: Callable[[Called], Called], answer: Callable[[Fault], None]) -> None:
        self._function = function
        self._compile = compile
        self._answer = answer
        self._compiled: Called | None = None
        self._fault: Fault | None = None

    def __call__(self, *arguments: Any) -> Any:
        fault = self._fault or fault_of_torch()
        if fault is None:
            self._compiled = self._compiled or self._compile(self._function)
            try:
                return self._compiled(*arguments)
            except Exception as failure:
                if not _is_of_compiling(failure):
                    raise
                fault = _fault_of(failure)
        result = self._function(*arguments)
        if fault is not None:
            self._fault = fault
            self._answer(fault)
        return result


@cache
def fault_of_torch() -> Fault | None:
    """Why nothing can be compiled in this process, or None. Cached, since a failed import cannot be repeated."""
    try:
        torch.compile(_fault_of)
    except Exception as failure:
        return _fault_of(failure)
    return None


def warn_once(fault: Fault) -> None:
    """Warn once per process, since further functions most likely fail for the same reason."""
    if _telling.acquire(blocking=False):
        message = f"torch.compile cannot be used: {fault.reason}; losses run without it, more slowly"
        warnings.warn(f"{message} ({fault.remedy}; compile=False runs without it and does not warn)", stacklevel=2)


def refuse(fault: Fault) -> None:
    raise NotCompiled(fault)


def compile_dense(function: Called) -> Called:
    """Compile a step as one whole graph in which N and the lengths of rows, labels and queues are dynamic, so that a
    smaller last batch compiles nothing. The tensors are marked as dynamic, so they must not be shared with the
    caller."""
    compiled = torch.compile(function, fullgraph=True)

    def call(z_VND: Tensor, context: tuple[Tensor, ...], parameters: tuple[Tensor, ...]) -> Any:
        expect_other_sizes(z_VND, 1)
        for part in context:
            expect_other_sizes(part, 0)
        return compiled(z_VND, context, parameters)

    return call


def _is_of_compiling(failure: Exception) -> bool:
    """Whether compilation failed, and not the compiled function, which opens no files and raises what any operator
    raises. That one may have written to its arguments, so it must not run again."""
    if isinstance(failure, (OSError, ImportError, subprocess.SubprocessError)):
        return True
    return any(kind.__module__.startswith(MACHINERY) for kind in type(failure).__mro__)


def _fault_of(failure: Exception) -> Fault:
    """The first cause that has a known remedy; otherwise torch's own message."""
    for cause in _causes(failure):
        if isinstance(cause, OSError):
            return _unwritable(cause)
        if known := FAULTS.get(type(cause).__name__):
            return known(cause)
    first, *_ = str(failure).strip().splitlines() or [""]
    return Fault(f"{type(failure).__name__}: {first}", "this is a fault in torch, or in how it is installed")


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    """The chain of causes; Inductor keeps a wrapped exception in an attribute."""
    while failure is not None:
        yield failure
        failure = getattr(failure, "inner_exception", None) or failure.__cause__ or failure.__context__


def _no_compiler(_: BaseException) -> Fault:
    tried = ", ".join(compilers_tried())
    return Fault(f"no working C++ compiler was found, tried {tried}", "install g++, or set CXX to a compiler")


def _compiler_failed(failure: Any) -> Fault:
    lines = [line.strip() for line in str(failure.output).splitlines() if line.strip()]
    first = next((line for line in lines if "error" in line), lines[0] if lines else "it prints nothing")
    return Fault(f"the C++ compiler {failure.cmd[0]} fails: {first}", "set CXX to another; it needs Python's headers")


def _no_triton(_: BaseException) -> Fault:
    return Fault("Triton is missing, or too old for torch", "pip install triton")


def _old_gpu(failure: BaseException) -> Fault:
    return Fault("Triton does not know a GPU as old as this", "compile=False for this GPU")


def _limit(_: BaseException) -> Fault:
    limit = graphs_allowed()
    reason = f"torch's limit of {limit} graphs for a function was reached, by too many dtypes, devices and widths"
    return Fault(reason, f"set torch._dynamo.config.recompile_limit above {limit}")


def _unwritable(failure: OSError) -> Fault:
    where = f"{failure.filename}: " if failure.filename else ""
    reason = f"{where}{failure.strerror or failure}"
    return Fault(reason, "set TORCHINDUCTOR_CACHE_DIR to a folder that can be written")


# Keyed by name, since the modules that define these classes may be the ones that could not be imported.
FAULTS: dict[str, Callable[[Any], Fault]] = {
    "InvalidCxxCompiler": _no_compiler,
    "CppCompileError": _compiler_failed,
    "TritonMissing": _no_triton,
    "TritonUnavailableError": _no_triton,
    "GPUTooOldForTriton": _old_gpu,
    "FailOnRecompileLimitHit": _limit,
}
