"""The few quantities that every family is lowered to.

The gradient with respect to the embeddings is that of `sum_i attract[i] d[i]^2 - sum_ij repel[i,j] d[i,j]^2` with both
weights held fixed (Tian 2022, Theorem 1, where attract[i] is the row sum of repel). A backend implements nothing else.
"""

from collections.abc import Callable

from alphadsl.ir.node import node
from alphadsl.ir.nodes import Expr
from alphadsl.ir.traversal import size_of


@node
class Derived:
    """The value of an anchor and its two weights, as expressions that still contain their reductions.

    On the sphere these are enough. In Euclidean space the gradient of a distance also has a component along the
    embedding itself, that of an inner product does not: `radial` holds the parts of attract and repel that come from
    distances. `slopes` are the derivatives of the value with respect to the learned parameters. `holds_fixed` is true
    if the weights are not the derivatives of the value, because the loss treats as fixed something that varies.
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
        """The number of nodes, written out in full."""
        return sum(size_of(part) for part in self.parts)

    def map(self, rule: Callable[[Expr], Expr]) -> "Derived":
        """The same quantities, each rewritten."""
        radial = (rule(self.radial[0]), rule(self.radial[1])) if self.radial else None
        slopes = tuple((name, rule(slope)) for name, slope in self.slopes)
        return Derived(rule(self.value), rule(self.attract), rule(self.repel), radial, slopes, self.holds_fixed)
