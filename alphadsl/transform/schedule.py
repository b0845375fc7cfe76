"""Names every reduction as a statistic, in the order a backend must compute them: the passes over the pairs.

A statistic whose body needs no other reduction belongs to the first sweep; one that uses a statistic of sweep k
belongs to sweep k + 1. A statistic of the batch follows the sweep it needs. Equal reductions become one statistic.
"""

from collections import Counter

from alphadsl.ir.core import Core, Derived, NamedStatistic
from alphadsl.ir.kinds import Level, Over
from alphadsl.ir.nodes import Expr, Loss, Multiplier, Pool, Reduce, Statistic
from alphadsl.ir.traversal import children, rebuild, walk

NAMES = {
    Over.SUM: "total",
    Over.LOGSUMEXP: "lse",
    Over.MAX: "largest",
    Over.MIN: "smallest",
    Over.MEAN: "mean",
}


def schedule(loss: Loss, derived: Derived) -> Core:
    namer = _Namer()
    parts = derived.map(namer.visit)
    return Core(loss.name, loss.parameters, loss.pairs, loss.space, tuple(namer.statistics), parts)


class _Namer:
    def __init__(self) -> None:
        self.statistics: list[NamedStatistic] = []
        self._counts: Counter[str] = Counter()
        self._done: dict[Expr, Expr] = {}

    def visit(self, expr: Expr) -> Expr:
        if expr not in self._done:
            inner = rebuild(expr, tuple(self.visit(child) for child in children(expr)))
            self._done[expr] = self._named(inner)
        return self._done[expr]

    def _named(self, expr: Expr) -> Expr:
        match expr:
            case Reduce(over, _):
                return self._statistic(NAMES[over], expr)
            case Multiplier():
                return self._statistic("multiplier", expr)
            case Pool(over, _):
                return self._statistic(f"batch_{NAMES[over]}", expr)
            case _:
                return expr

    def _statistic(self, stem: str, definition: Expr) -> Statistic:
        self._counts[stem] += 1
        name = stem if self._counts[stem] == 1 else f"{stem}{self._counts[stem]}"
        pooled = isinstance(definition, Pool)
        sweep = self._deepest(definition) + (0 if pooled else 1)
        self.statistics.append(NamedStatistic(name, definition, sweep))
        return Statistic(name, Level.BATCH if pooled else Level.ROW)

    def _deepest(self, definition: Expr) -> int:
        sweeps = {statistic.name: statistic.sweep for statistic in self.statistics}
        return max((sweeps[part.name] for part in walk(definition) if isinstance(part, Statistic)), default=0)
