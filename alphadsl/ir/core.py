"""What a backend computes: the passes of a loss over all pairs, and the statistics of each pass."""

from functools import cached_property

from alphadsl.ir.arrangement import Arrangement, arrange, counts_alike
from alphadsl.ir.derived import Derived
from alphadsl.ir.index_sets import Pairs
from alphadsl.ir.kinds import Geometry, Level, Positives, Space, Streaming
from alphadsl.ir.node import node
from alphadsl.ir.nodes import Anchors, Expr, Multiplier, Pool, Reduce
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.traversal import level_of, walk


@node
class NamedStatistic:
    """A named reduction or multiplier, whose body may use earlier statistics.

    A sum or log-sum-exp whose terms all have a factor e^-m, with m a maximum of the same pass, is `relative_to` that
    maximum: the two can be accumulated online together, as in a streaming softmax.
    """

    name: str
    definition: Expr
    relative_to: str | None = None

    @property
    def level(self) -> Level:
        return level_of(self.definition)

    @property
    def reduction(self) -> Reduce | Pool:
        """The definition of a statistic that is a plain reduction, as all are if a loss streams by tiles."""
        assert isinstance(self.definition, Reduce | Pool)
        return self.definition


@node
class Pass:
    """One sweep over all pairs: statistics of rows, statistics of the batch that follow from them, and perhaps the
    pushes, which are the gradient's terms for each pair.

    Pass 0 touches no pair: its pooled statistics depend on positives alone.
    """

    number: int
    rows: tuple[NamedStatistic, ...]
    pooled: tuple[NamedStatistic, ...]
    pushes: bool

    @property
    def sweeps(self) -> bool:
        return bool(self.rows) or self.pushes


@node
class Core:
    """A loss as a backend sees it. The passes hold every statistic that the derived quantities use, in order.

    If the positives of an anchor are computed together, a pair [i,j] is an anchor with any candidate: the derived
    value, attraction and slopes apply where j is a positive, repulsion where it is a negative.

    `near` computes distances from differences instead of inner products.
    """

    name: str
    parameters: tuple[Parameter, ...]
    pairs: Pairs
    space: Space
    passes: tuple[Pass, ...]
    derived: Derived
    positives: Positives = Positives.ONE
    near: bool = False

    @property
    def geometry(self) -> Geometry:
        return Geometry(f"near_{self.space}" if self.near else self.space)

    @cached_property
    def arrangement(self) -> Arrangement:
        return arrange(self.pairs)

    @property
    def statistics(self) -> tuple[NamedStatistic, ...]:
        return tuple(statistic for sweep in self.passes for statistic in (*sweep.rows, *sweep.pooled))

    @cached_property
    def streaming(self) -> Streaming:
        """A row statistic that is not a plain reduction needs its whole row at once, as do rows that share an anchor or
        differ in length; a statistic of the batch needs all rows at once."""
        definitions = [statistic.definition for statistic in self.statistics]
        whole_rows = not counts_alike(self.pairs) or any(
            isinstance(definition, Multiplier) for definition in definitions
        )
        if not whole_rows:
            return Streaming.TILES
        roots = (*definitions, *self.derived.parts)
        pools = any(isinstance(part, Anchors | Pool) for root in roots for part in walk(root))
        return Streaming.NONE if pools else Streaming.ROW_BLOCKS
