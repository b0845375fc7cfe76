"""Frozen dataclasses that are quick to import: equality, hash and text come from functions that all of them share.

`dataclasses` writes and compiles six functions for each class, and for the 50 classes of the trees that takes longer
than checking a loss. Half of them are not needed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """The class as by `dataclass(frozen=True)`."""
    made = dataclass(frozen=True, eq=False, repr=False)(cls)
    names = [part.name for part in fields(made) if part.compare]  # type: ignore[arg-type]
    compared: Callable[[object], Any] = attrgetter(*names) if names else _nothing

    def equal(self: T, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    made.__eq__ = equal  # type: ignore[method-assign, assignment]
    made.__hash__ = lambda self: hash(compared(self))  # type: ignore[method-assign]
    if cls.__repr__ is object.__repr__:
        made.__repr__ = _text  # type: ignore[method-assign]
    return made


def _nothing(_: object) -> tuple[()]:
    return ()


def _text(self: Any) -> str:
    shown = (f"{part.name}={getattr(self, part.name)!r}" for part in fields(self) if part.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"
