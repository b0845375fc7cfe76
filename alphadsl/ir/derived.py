"""What every family is lowered to: the same few quantities, whatever the author wrote.

The gradient on the embeddings is that of `sum_i attract[i] d[i]^2 - sum_ij repel[i,j] d[i,j]^2` with both weights held
fixed (Tian 2022, Theorem 1, where attract[i] is the row sum of repel). A backend has nothing else to implement.
"""

from collections.abc import Callable

from alphadsl.ir.node import node
from alphadsl.ir.nodes import Expr
from alphadsl.ir.traversal import size_of


@node
class Derived:
    """The value of an anchor and its two weights, as expressions that still contain their reductions.

    On the sphere that is all. In Euclidean space a distance also pulls along the embedding itself and an inner product
    does not: `radial` is the part of attract and repel that comes from distances. `slopes` are the derivatives of the
    value by the learned parameters. `holds_fixed` where the weights are not the derivatives of the value, since the
    loss holds something fixed that moves.
    """

    value: Expr
    attract: Expr
    repel: Expr
    radial: tuple[Expr, Expr] | None = None
    slopes: tuple[tuple[str, Expr], ...] = ()
    holds_fixed: bool = False

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.value, self.attract, self.repel, *(self.radial or ()), *(slope for _, slope in self.slopes)

    @property
    def size(self) -> int:
        """How many operations there are, written out."""
        return sum(size_of(part) for part in self.parts)

    def map(self, rule: Callable[[Expr], Expr]) -> "Derived":
        """The same quantities, each rewritten."""
        radial = (rule(self.radial[0]), rule(self.radial[1])) if self.radial else None
        slopes = tuple((name, rule(slope)) for name, slope in self.slopes)
        return Derived(rule(self.value), rule(self.attract), rule(self.repel), radial, slopes, self.holds_fixed)
