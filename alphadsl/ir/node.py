"""How the classes of the IR are made: frozen pydantic dataclasses that hash once."""

from collections.abc import Callable
from dataclasses import field
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

T = TypeVar("T")
NodeSpan = Annotated[Any, Field(exclude=True)]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[T]) -> type[T]:
    """A frozen pydantic dataclass that computes its structural hash once, when made: passes memoise on nodes."""
    made = dataclass(frozen=True, config=ConfigDict(ser_json_inf_nan="strings"))(cls)
    structural: Callable[[T], int] = made.__hash__

    def cached(self: T) -> int:
        found = self.__dict__.get("_hash")
        if found is None:
            found = structural(self)
            object.__setattr__(self, "_hash", found)
        return int(found)

    def kept(self: T) -> dict[str, Any]:
        """Without the hash: those of strings differ from process to process."""
        return {name: part for name, part in self.__dict__.items() if name != "_hash"}

    made.__hash__ = cached  # type: ignore[method-assign, assignment]
    made.__post_init__ = cached  # type: ignore[attr-defined]
    made.__getstate__ = kept  # type: ignore[method-assign, assignment]
    return made  # type: ignore[return-value]
