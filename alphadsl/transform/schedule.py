"""Names every reduction as a statistic and assigns it to a pass over the pairs, with as few passes as possible.

A statistic whose body needs no other reduction belongs to the first pass; one that uses a statistic of pass k belongs
to pass k + 1. A statistic of the batch follows the pass that it depends on. The pushes alpha[i,j] are made in the first
pass in which all they need is known, together with the statistics of that pass. Equal reductions become one statistic.
"""

from collections import Counter
from dataclasses import replace

from alphadsl.ir.core import Core, NamedStatistic, Pass
from alphadsl.ir.derived import Derived
from alphadsl.ir.kinds import Level, Over, Positives
from alphadsl.ir.nodes import Expr, Gather, Loss, Multiplier, Pool, Reduce, Statistic
from alphadsl.ir.traversal import children, level_of, rebuild, walk
from alphadsl.transform.canonical import as_product, as_terms
from alphadsl.transform.importance import lower_importance
from alphadsl.transform.scope import scope_of
from alphadsl.transform.separate import separate
from alphadsl.transform.simplify import Simplifier, simplify
from alphadsl.transform.stabilise import stabilise

NAMES = {
    Over.SUM: "total",
    Over.LOGSUMEXP: "lse",
    Over.MAX: "largest",
    Over.MIN: "smallest",
    Over.MEAN: "mean",
}


def schedule(loss: Loss, derived: Derived) -> Core:
    """The core of a loss. With labels, the positives of an anchor are computed together if possible."""
    if not loss.pairs.one_positive:
        together = separate(derived, loss.pairs, scope_of(loss))
        return _scheduled(loss, together or derived, Positives.TOGETHER if together else Positives.APART)
    return _scheduled(loss, derived, Positives.ONE)


def schedule_apart(loss: Loss, core: Core) -> Core:
    """The core of a loss with one row for each positive; this is `core` itself unless its positives are together."""
    if core.positives != Positives.TOGETHER:
        return core
    scope = scope_of(loss)
    return _scheduled(loss, stabilise(simplify(lower_importance(loss), scope), scope), Positives.APART)


def schedule_closely(loss: Loss, core: Core) -> Core:
    """Like `schedule_apart`, with distances computed from differences."""
    return replace(schedule_apart(loss, core), near=True)


def _scheduled(loss: Loss, derived: Derived, positives: Positives) -> Core:
    namer = _Namer(Simplifier(scope_of(loss)))
    parts = derived.map(namer.visit)
    return Core(loss.name, loss.parameters, loss.pairs, loss.space, namer.passes(parts), parts, positives)


class _Namer:
    def __init__(self, simplified: Simplifier) -> None:
        self._simplified = simplified
        self._statistics: list[NamedStatistic] = []
        self._sweeps: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._done: dict[Expr, Expr] = {}

    def passes(self, derived: Derived) -> tuple[Pass, ...]:
        """The passes in order. Pass 0 touches no pair; it exists if a statistic of the batch depends on positives
        alone."""
        pushes = (derived.repel, derived.radial[1]) if derived.radial else (derived.repel,)
        pushing = max(self._deepest(push) for push in pushes) + 1
        planned = []
        for number in range(max([pushing, *self._sweeps.values()]) + 1):
            here = [statistic for statistic in self._statistics if self._sweeps[statistic.name] == number]
            rows = tuple(statistic for statistic in here if statistic.level > Level.BATCH)
            pooled = tuple(statistic for statistic in here if statistic.level == Level.BATCH)
            planned.append(Pass(number, rows, pooled, number == pushing))
        return tuple(planned) if planned[0].pooled else tuple(planned[1:])

    def visit(self, expr: Expr) -> Expr:
        if expr not in self._done:
            inner = rebuild(expr, tuple(self.visit(child) for child in children(expr)))
            self._done[expr] = self._named(inner)
        return self._done[expr]

    def _named(self, expr: Expr) -> Expr:
        match expr:
            case Reduce(over, _) | Gather(over, _):
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
        largest = self._relative_to(definition)
        pooled = isinstance(definition, Pool)
        self._sweeps[name] = self._deepest(definition) + (0 if pooled or largest else 1)
        self._statistics.append(NamedStatistic(name, definition, largest))
        return Statistic(name, level_of(definition))

    def _relative_to(self, definition: Expr) -> str | None:
        """The maximum that a sum or log-sum-exp is relative to, if everything else it uses is known a pass earlier."""
        match definition:
            case Reduce(Over.SUM, body):
                product = as_product(body, self._simplified)
                terms, factors = as_terms(product.exponential, self._simplified), tuple(product.powers.items())
            case Reduce(Over.LOGSUMEXP, body):
                terms, factors = as_terms(body, self._simplified), ()
            case _:
                return None
        latest = [part for part in self._used(definition) if self._sweeps[part.name] == self._deepest(definition)]
        if len(latest) != 1 or terms.pop(latest[0], 0.0) != -1.0 or self._reduction(latest[0]) != Over.MAX:
            return None
        elsewhere = (*terms, *(part for factor in factors for part in factor))
        return None if any(latest[0] in walk(part) for part in elsewhere) else latest[0].name

    def _reduction(self, statistic: Statistic) -> Over | None:
        definition = next(other.definition for other in self._statistics if other.name == statistic.name)
        return definition.over if isinstance(definition, Reduce) else None

    def _deepest(self, expr: Expr) -> int:
        """The last pass whose statistics an expression uses."""
        return max((self._sweeps[part.name] for part in self._used(expr)), default=0)

    def _used(self, expr: Expr) -> list[Statistic]:
        return [part for part in walk(expr) if isinstance(part, Statistic)]
