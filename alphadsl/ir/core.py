"""What every family is lowered to: the same few quantities, whatever the author wrote.

The gradient on the embeddings is that of `sum_i attract[i] d[i]^2 - sum_ij repel[i,j] d[i,j]^2` with both weights held
fixed (Tian 2022, Theorem 1, where attract[i] is the row sum of repel). A backend has nothing else to implement.
"""

from alphadsl.ir.node import node
from alphadsl.ir.nodes import Expr, Pairs, Parameter


@node
class Derived:
    """The value of an anchor and its two weights, as expressions that still contain their reductions."""

    value: Expr
    attract: Expr
    repel: Expr

    @property
    def parts(self) -> tuple[Expr, Expr, Expr]:
        return self.value, self.attract, self.repel


@node
class RowStatistic:
    """A reduction or multiplier, its body in terms of earlier statistics; `sweep` counts the passes over the pairs."""

    name: str
    definition: Expr
    sweep: int


@node
class Core:
    name: str
    parameters: tuple[Parameter, ...]
    pairs: Pairs
    statistics: tuple[RowStatistic, ...]
    derived: Derived
