"""What every family is lowered to: the same few quantities, whatever the author wrote.

The gradient on the embeddings is that of `sum_i attract[i] d[i]^2 - sum_ij repel[i,j] d[i,j]^2` with both weights held
fixed (Tian 2022, Theorem 1, where attract[i] is the row sum of repel). A backend has nothing else to implement.
"""

from collections.abc import Callable

from alphadsl.ir.kinds import Level, Pairs, Space
from alphadsl.ir.node import node
from alphadsl.ir.nodes import Expr, Pool
from alphadsl.ir.parameter import Parameter


@node
class Derived:
    """The value of an anchor and its two weights, as expressions that still contain their reductions.

    On the sphere that is all. In Euclidean space a distance also pulls along the embedding itself and an inner product
    does not: `stretch` is the part of attract and repel that comes from distances. `slopes` are the derivatives of the
    value by the learned parameters.
    """

    value: Expr
    attract: Expr
    repel: Expr
    stretch: tuple[Expr, Expr] | None = None
    slopes: tuple[tuple[str, Expr], ...] = ()

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.value, self.attract, self.repel, *(self.stretch or ()), *(slope for _, slope in self.slopes)

    def map(self, rule: Callable[[Expr], Expr]) -> "Derived":
        """The same quantities, each rewritten."""
        stretch = (rule(self.stretch[0]), rule(self.stretch[1])) if self.stretch else None
        slopes = tuple((name, rule(slope)) for name, slope in self.slopes)
        return Derived(rule(self.value), rule(self.attract), rule(self.repel), stretch, slopes)


@node
class NamedStatistic:
    """A reduction or multiplier, its body in terms of earlier statistics; `sweep` counts the passes over the pairs.

    A statistic of the batch is computed after the sweep whose row statistics it needs.
    """

    name: str
    definition: Expr
    sweep: int

    @property
    def level(self) -> Level:
        return Level.BATCH if isinstance(self.definition, Pool) else Level.ROW


@node
class Core:
    name: str
    parameters: tuple[Parameter, ...]
    pairs: Pairs
    space: Space
    statistics: tuple[NamedStatistic, ...]
    derived: Derived
