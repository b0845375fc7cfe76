"""The context of an expression, and which definitions use which other ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from alphadsl.syntax import tree


@dataclass(frozen=True)
class Context:
    """The function that encloses an expression, or the indices of the definition that does, if any."""

    function: tree.FunctionItem | None = None
    indices: tuple[str, ...] = ()

    @property
    def argument(self) -> str | None:
        return self.function.argument.text if self.function else None


@dataclass
class Uses:
    """The names that each definition uses."""

    _direct: dict[str, set[str]] = field(default_factory=dict)

    def add(self, user: str, name: str) -> None:
        self._direct.setdefault(user, set()).add(name)

    def reached_from(self, roots: Iterable[str]) -> set[str]:
        """The names that definitions use, directly or through others, and the definitions themselves."""
        reached, pending = set(roots), [*roots]
        while pending:
            new = self._direct.get(pending.pop(), set()) - reached
            reached |= new
            pending += new
        return reached


def texts(indices: tuple[tree.Name, ...]) -> tuple[str, ...]:
    return tuple(index.text for index in indices)
