"""How a loss is computed: the options of `alphadsl.load`, and their values."""

from dataclasses import dataclass, fields
from typing import Any, Literal

from alphadsl.report.exceptions import InputError

Backend = Literal["auto", "interpreter", "dense", "streaming"]
Compile = bool | Literal["auto"]
# What the trainer will do with the gradients of all processes (DDP averages them); `alone` if each has its own batch.
Together = Literal["average", "sum", "alone"]
# Float32 products: IEEE float32, whatever the settings of the process; or the fastest of the device, which may have
# fewer digits.
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
    """The options of `alphadsl.load`, explained there."""

    backend: Backend = "auto"
    compile: Compile = "auto"
    ranks: Together = "average"
    products: Products = "exact"

    def check(self, parameters: frozenset[str]) -> None:
        """Raises `InputError` for a value that is no choice; it may have been meant for a parameter of the loss."""
        for name in (field.name for field in fields(self)):
            value: Any = getattr(self, name)
            if any(value is choice or (isinstance(value, str) and value == choice) for choice in CHOICES[name]):
                continue
            own = f"to set the parameter of that name, values={{{name!r}: {value!r}}}"
            choices = f"choose one of {', '.join(map(str, CHOICES[name]))}"
            raise InputError(f"{name} cannot be {value!r}", own if name in parameters else choices)
