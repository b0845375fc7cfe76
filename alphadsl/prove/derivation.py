"""What proofs work with: a lowered loss and its derived quantities."""

from typing import Protocol

from alphadsl.ir.derived import Derived
from alphadsl.ir.nodes import Loss


class Derivation(Protocol):
    """The loss, its derived value and weights, and the same simplified; each is computed when first needed."""

    @property
    def loss(self) -> Loss: ...

    @property
    def derived(self) -> Derived: ...

    @property
    def alpha(self) -> Derived: ...
