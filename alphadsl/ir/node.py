"""The decorator for the classes of the IR: frozen dataclasses that hash once, and that pydantic can convert to JSON and
back.

Pydantic is imported only where JSON is written or read: building its schemas takes longer than checking a loss. Until
then, the annotations that it needs for a type are `Deferred`.
"""

import math
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, dataclass_transform

from alphadsl.frozen import frozen

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

T = TypeVar("T")
UNWRITTEN = {"exclude": True}
"""The metadata of a field that stays out of the JSON."""


class Deferred:
    """Pydantic annotations for a type, created only when its schema is built."""

    def __init__(self, annotations: Callable[[], tuple[Any, ...]]) -> None:
        self._annotations = annotations

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        return handler.generate_schema(Annotated[(source, *self._annotations())])


def _by_kind() -> tuple[Any, ...]:
    from pydantic import Field

    return (Field(discriminator="kind"),)


BY_KIND = Deferred(_by_kind)
"""For a union whose members each have a distinct `kind`."""


def _spelled() -> tuple[Any, ...]:
    from pydantic import PlainSerializer

    words = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return (PlainSerializer(lambda number: words.get(number, number), when_used="json"),)


Real = Annotated[float, Deferred(_spelled)]
"""A number that may be infinite. JSON has no symbol for infinity, so it is spelled out. (Pydantic has a setting for
that, but it is lost if a dataclass occurs in several places of a schema.)"""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[T]) -> type[T]:
    """A frozen dataclass that computes its structural hash once, at creation: passes memoise on nodes."""
    check: Callable[[T], None] | None = getattr(cls, "__post_init__", None)

    def hashed(self: T) -> None:
        if check:
            check(self)
        object.__setattr__(self, "_hash", structural(self))

    def cached(self: T) -> int:
        known = self.__dict__.get("_hash")
        if known is None:  # the node was unpickled
            known = structural(self)
            object.__setattr__(self, "_hash", known)
        return int(known)

    def kept(self: T) -> dict[str, Any]:
        """The state without the hash: hashes of strings differ from process to process."""
        return {name: part for name, part in self.__dict__.items() if name != "_hash"}

    cls.__post_init__ = hashed  # type: ignore[attr-defined]
    made = frozen(cls)
    structural: Callable[[T], int] = made.__hash__
    made.__hash__ = cached  # type: ignore[method-assign, assignment]
    made.__getstate__ = kept  # type: ignore[method-assign, assignment]
    return made
