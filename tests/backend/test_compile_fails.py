"""Where torch.compile cannot be used: `auto` says so once and gives the same loss, `True` names what is missing."""

import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import alphadsl
from alphadsl.backend import compiling, custom_op, program
from alphadsl.backend.execution import Backend

ROOT = Path(__file__).parents[2]
TRIED = """
import sys, warnings, torch, alphadsl

backend, *names = sys.argv[1:]
losses = {"plain": "loss plain {\\nloss[i] = mean_j(s[i,j]^2) - 2 * s[i]\\nalpha in reals\\n}"}
torch.set_num_threads(2)
warnings.simplefilter("always")
z_VND = torch.randn(2, 400, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
labels = torch.arange(400) // 4

def step(name, compile, *context):
    make = alphadsl.loads if name in losses else alphadsl.load
    value = make(losses.get(name, name), backend=backend, compile=compile)(*z_VND, *context)
    return value, *torch.autograd.grad(value, z_VND)

with warnings.catch_warnings(record=True) as told:
    for name in names:
        context = (labels,) if name == "supcon" else ()
        for found, expected in zip(step(name, "auto", *context), step(name, False, *context)):
            assert torch.equal(found, expected), name
print("told", *(warning.message for warning in told if warning.category is UserWarning), sep="|")
try:
    step(names[0], True)
except alphadsl.InputError as refusal:
    print("refused", refusal.message, refusal.help, sep="|")
"""
# Where the compiler is missed, all has been traced and lowered: of a loss that is soon traced.
MISSING = [
    ("auto", ("plain",), {"CXX": "/nowhere/g++"}, "CXX"),
    ("streaming", ("infonce", "triplet", "supcon"), {"TORCHINDUCTOR_CACHE_DIR": "/proc/nowhere"}, "CACHE_DIR"),
    ("dense", ("infonce", "supcon"), {"TORCHINDUCTOR_CACHE_DIR": "/proc/nowhere"}, "CACHE_DIR"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "names", "without", "remedy"), MISSING)
def test_what_is_missing_is_named_and_done_without(
    backend: str, names: tuple[str, ...], without: dict[str, str], remedy: str, tmp_path: Path
) -> None:
    """Tiles and row blocks are compiled in other ways than a dense step, and side by side."""
    inherited = {name: value for name, value in os.environ.items() if name != "CXX"}
    environment = {**inherited, "PYTHONPATH": str(ROOT), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path), **without}
    named = next(iter(without.values()))
    script = [sys.executable, "-c", TRIED, backend, *names]
    ran = subprocess.run(script, env=environment, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    (_, told), (_, message, help) = (line.split("|") for line in ran.stdout.splitlines())
    assert named in told
    assert remedy in told
    assert named in message
    assert remedy in help


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a process that has not compiled, nor warned."""
    monkeypatch.setattr(compiling, "_telling", threading.Lock())
    forget()
    yield
    forget()


def forget() -> None:
    for known in (program._compiled, custom_op._engine, compiling.fault_of_torch):
        known.cache_clear()
    torch._dynamo.reset()


def over_shapes(loss: torch.nn.Module) -> list[torch.Tensor]:
    """Values and gradients of batches that one graph cannot serve."""
    found = []
    for dtype, width in ((torch.float32, 8), (torch.float64, 8), (torch.float64, 16), (torch.float32, 8)):
        generator = torch.Generator().manual_seed(width)
        z_VND = torch.randn(2, 400, width, dtype=dtype, generator=generator).requires_grad_()
        value = loss(*z_VND)
        found += [value.detach(), *torch.autograd.grad(value, z_VND)]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["dense", "streaming"])
@pytest.mark.usefixtures("fresh")
@torch._dynamo.config.patch(recompile_limit=1)  # type: ignore[untyped-decorator]
def test_a_limit_of_dynamo(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = torch.compile

    def quick(function, **options):  # type: ignore[no-untyped-def]
        return compiled(function, **options | {"backend": "eager"})

    monkeypatch.setattr(torch, "compile", quick)
    loss, eager = (alphadsl.load("infonce", backend=backend, compile=mode) for mode in ("auto", False))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = over_shapes(loss)
    torch.testing.assert_close(found, over_shapes(eager))
    assert [str(warning.message).count("above 1") for warning in told] == [1]
    demanding = alphadsl.load("infonce", backend=backend, compile=True)
    with pytest.raises(alphadsl.InputError, match="recompile_limit"):
        over_shapes(demanding)


def failure(name: str, **attributes: object) -> Exception:
    """As torch raises it, which raises another around it."""
    around = RuntimeError("backend='inductor' raised:")
    around.__cause__ = type(name, (Exception,), attributes)("inside")
    return around


@pytest.mark.parametrize(
    ("raised", "reason", "remedy"),
    [
        (failure("InvalidCxxCompiler"), "no working C++ compiler was found, tried", "install g++, or set CXX"),
        (
            failure("CppCompileError", cmd=["g++", "-O3"], output="In file:\n  fatal error: Python.h: none\n"),
            "the C++ compiler g++ fails: fatal error: Python.h: none",
            "it needs Python's headers",
        ),
        (
            failure("CppCompileError", cmd=["g++"], output=""),
            "the C++ compiler g++ fails: it prints nothing",
            "set CXX",
        ),
        (failure("TritonMissing"), "Triton is missing, or too old for torch", "pip install triton"),
        (failure("GPUTooOldForTriton"), "Triton does not know a GPU as old as this", "compile=False"),
        (OSError(13, "Permission denied", "/cache/a"), "/cache/a: Permission denied", "TORCHINDUCTOR_CACHE_DIR"),
        (OSError("no space"), "no space", "TORCHINDUCTOR_CACHE_DIR"),
        (ValueError("odd\nmore"), "ValueError: odd", "a fault in torch"),
        (ValueError(), "ValueError: ", "a fault in torch"),
    ],
    ids=str,
)
def test_a_fault_is_told_by_its_cause(raised: Exception, reason: str, remedy: str) -> None:
    fault = compiling._fault_of(raised)
    assert fault.reason.startswith(reason)
    assert remedy in fault.remedy


def halved(values: torch.Tensor) -> torch.Tensor:
    return values.reshape(2, -1) / 2


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("answer", [compiling.warn_once, compiling.refuse])
def test_an_error_of_the_function_is_its_own(answer: object) -> None:
    """Dynamo raises it as one of its own; it is no fault of compiling, and the next call compiles."""
    attempt = compiling.Attempt(halved, lambda function: torch.compile(function, backend="eager"), answer)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(RuntimeError, match="shape"):
            attempt(torch.zeros(3))
        assert attempt(torch.ones(4)).tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.usefixtures("fresh")
def test_what_fails_while_it_runs_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have written to its arguments; only what fails to compile runs eagerly, and is compiled no more."""
    calls: list[str] = []

    def eager(values: torch.Tensor) -> str:
        calls.append("eager")
        return "eager"

    def running(values: torch.Tensor) -> str:
        raise RuntimeError("out of memory")

    def unsupported(function: object) -> object:
        calls.append("compile")
        raise RuntimeError("torch.compile is not supported on this Python")

    with pytest.raises(RuntimeError, match="out of memory"):
        compiling.Attempt(eager, lambda _: running, compiling.warn_once)(torch.zeros(1))
    assert calls == []
    compiling.fault_of_torch.cache_clear()
    monkeypatch.setattr(torch, "compile", unsupported)
    attempt = compiling.Attempt(eager, torch.compile, compiling.warn_once)
    with pytest.warns(UserWarning, match="not supported on this Python"):
        assert [attempt(torch.zeros(1)), attempt(torch.zeros(1))] == ["eager", "eager"]
    assert calls == ["compile", "eager", "eager"]
