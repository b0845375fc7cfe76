"""A dependency that cannot be imported: the exception comes in; a refusal in one line comes out, or None if the fault
is our own."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from alphadsl.report.exceptions import InputError

SIGNS_OF_FULL_MEMORY = (
    "allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "failed to map segment",
    "can't start new thread",
    "Resource temporarily unavailable",
)
OUT_OF_MEMORY = InputError(
    "The memory of this machine, or what `ulimit -v` leaves of it, is not enough.",
    "Give a smaller --batch, --width or --image-size, fewer anchors, or more memory.",
)
_OURS = ("alphadsl", "runner", "grammar", "specs")
_HOME = Path(__file__).resolve().parents[2]
_LIBRARY = re.compile(r"(?P<file>[\w.+/-]+\.(?:so|dylib|dll|pyd)[\w.]*)")
_FROM = re.compile(r"from '(?P<name>[\w.]+)'")


def is_full_memory(fault: BaseException) -> bool:
    """Whether an exception, or one that caused it, says that memory is full."""
    return any(
        isinstance(part, MemoryError) or any(sign in str(part) for sign in SIGNS_OF_FULL_MEMORY)
        for part in _causes(fault)
    )


def refusal_of_import(fault: BaseException) -> InputError | None:
    """The refusal for an import that failed; None for a missing module of ours, which is our own fault unless a file of
    the user has its name."""
    if is_full_memory(fault):
        return OUT_OF_MEMORY
    failed = next((part for part in _causes(fault) if isinstance(part, ImportError | OSError)), None)
    if failed is None or (not isinstance(failed, ImportError) and not _LIBRARY.search(str(failed))):
        return None
    name = (getattr(failed, "name", None) or _package_in(failed)).partition(".")[0]
    if name in _OURS:
        return refusal_of_hidden(name)
    message = " ".join(str(failed).split())
    if isinstance(failed, ModuleNotFoundError):
        return InputError(f"The package {name} is not installed.", f"pip install {name}, or reinstall alphadsl")
    library = _LIBRARY.search(message)
    broken = f" (its library {library['file']})" if library and library["file"] not in name else ""
    what = f"The package {name}{broken} cannot be imported" if name else "A package cannot be imported"
    return InputError(f"{what}: {message[:300]}.", f"pip install --force-reinstall {name}".strip())


def refusal_of_hidden(name: str) -> InputError | None:
    """The refusal for a file of the user that Python has imported as a package of ours; None if it is ours."""
    place = getattr(sys.modules.get(name), "__file__", None)
    if place is None or _HOME in Path(place).resolve().parents:
        return None
    return InputError(f"{place} hides the package {name} of alphadsl.", "Rename it, or work in another folder.")


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    """The exception and its causes, the original cause last."""
    seen = 0
    while fault is not None and seen < 10:
        yield fault
        fault, seen = fault.__cause__ or fault.__context__, seen + 1


def _package_in(fault: BaseException) -> str:
    """The package that ours imported last before an exception."""
    if named := _FROM.search(str(fault)):
        return named["name"]
    trace, name = fault.__traceback__, ""
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__") or ""
        package = module.partition(".")[0]
        if package in _OURS:
            name = ""
        elif package != "importlib":
            name = name or module
        trace = trace.tb_next
    return name
