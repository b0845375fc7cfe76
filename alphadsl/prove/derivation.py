"""What proofs work with: a loss as it is lowered, and what is derived from it."""

from typing import Protocol

from alphadsl.ir.derived import Derived
from alphadsl.ir.nodes import Loss


class Derivation(Protocol):
    """The loss, its value and weights as they are derived, and the same simplified; each made when first asked for."""

    @property
    def loss(self) -> Loss: ...

    @property
    def derived(self) -> Derived: ...

    @property
    def alpha(self) -> Derived: ...
