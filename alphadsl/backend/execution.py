"""How a loss is computed: the choices that `alphadsl.load` takes, and what each may be."""

from dataclasses import dataclass, fields
from typing import Any, Literal

from alphadsl.report.exceptions import InputError

Backend = Literal["auto", "interpreter", "dense", "streaming"]
Compile = bool | Literal["auto"]
# What the trainer will do with the gradients of all processes (DDP averages them), or that each has a batch of its own.
Together = Literal["average", "sum", "alone"]
# Float32 products: IEEE float32, whatever the process is set to; or what the device has, with fewer digits at times.
Products = Literal["exact", "fast"]
BACKENDS: tuple[Backend, ...] = ("auto", "interpreter", "dense", "streaming")
CHOICES: dict[str, tuple[object, ...]] = {
    "backend": BACKENDS,
    "compile": (True, False, "auto"),
    "ranks": ("average", "sum", "alone"),
    "products": ("exact", "fast"),
}


@dataclass(frozen=True)
class Execution:
    """As `alphadsl.load` explains."""

    backend: Backend = "auto"
    compile: Compile = "auto"
    ranks: Together = "average"
    products: Products = "exact"

    def check(self, parameters: frozenset[str]) -> None:
        """Raises `InputError` for what is no choice; it may have been meant for one of the loss's parameters."""
        for name in (field.name for field in fields(self)):
            value: Any = getattr(self, name)
            if any(value is choice or (isinstance(value, str) and value == choice) for choice in CHOICES[name]):
                continue
            own = f"to set the parameter of that name, values={{{name!r}: {value!r}}}"
            choices = f"choose one of {', '.join(map(str, CHOICES[name]))}"
            raise InputError(f"{name} cannot be {value!r}", own if name in parameters else choices)
