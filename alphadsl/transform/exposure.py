"""What of an expression may leave the range of float32: exponentials that stand in the open, and what sinks towards 0.

Comes in: what is known of the parameters. Goes out: answers about simplified expressions, by rule and remembered per
expression; `stabilise` carries the logarithms of whatever is answered with yes.
"""

from alphadsl.ir.build import ONE, total
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import Level, Over
from alphadsl.ir.nodes import Apply, Expr, Inverse, Multiplier, Pool, Reduce
from alphadsl.ir.traversal import children, level_of
from alphadsl.transform.canonical import as_terms, from_terms
from alphadsl.transform.simplify import Simplifier

TAME = 1e6
STEEP = 4.0


class Exposure:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.simplified = Simplifier(scope)
        self._heat: dict[Expr, bool] = {}
        self._sinking: dict[Expr, bool] = {}

    def _hot(self, expr: Expr) -> bool:
        """Whether an exponential is exposed: of more than parameters, not inside a logarithm, and not in a row that
        sums to one."""
        if expr not in self._heat:
            match expr:
                case Apply("exp"):
                    self._heat[expr] = level_of(expr) > Level.CONSTANT
                case Apply("log") | Reduce(Over.LOGSUMEXP) | Pool(Over.LOGSUMEXP) | Multiplier() | Inverse():
                    self._heat[expr] = False
                case Apply("share", (part, whole)) if self._sums_to_one(part, whole):
                    self._heat[expr] = False
                case _:
                    self._heat[expr] = any(self._hot(child) for child in children(expr))
        return self._heat[expr]

    def _sinks(self, expr: Expr) -> bool:
        """Whether it may come nearer to 0 than what it is made of, and so below what float32 holds."""
        if expr not in self._sinking:
            if infer_interval(expr, self.scope).low >= 1 / TAME:
                self._sinking[expr] = False
            else:
                match expr:
                    case Apply("exp" | "sigmoid" | "softplus"):
                        self._sinking[expr] = True
                    case Apply("pow" | "pow0", (base, power)):
                        steep = infer_interval(power, self.scope).high > STEEP
                        self._sinking[expr] = steep or self._sinks(base)
                    case Apply("log", (a,)):
                        beyond = self._beyond_one(a)
                        self._sinking[expr] = beyond is not None and self._sinks(beyond)
                    case Reduce(Over.LOGSUMEXP) | Multiplier() | Inverse():
                        self._sinking[expr] = False
                    case _:
                        self._sinking[expr] = any(self._sinks(child) for child in children(expr))
        return self._sinking[expr]

    def _sums_to_one(self, part: Expr, whole: Expr) -> bool:
        return whole == self.simplified(total(part))

    def _beyond_one(self, expr: Expr) -> Expr | None:
        """x of 1 + x, if it is that for a non-negative x."""
        terms = as_terms(expr, self.simplified)
        beyond = from_terms({term: scale for term, scale in terms.items() if term != ONE})
        return beyond if terms.get(ONE) == 1.0 and self._non_negative(beyond) else None

    def _tame(self, expr: Expr) -> bool:
        """Bounded well inside what float32 holds, so that dividing by its row sum is safe as it stands."""
        interval = infer_interval(expr, self.scope)
        return interval.high <= TAME and (interval.low >= 1 / TAME or interval.low == 0)

    def _non_negative(self, expr: Expr) -> bool:
        return infer_interval(expr, self.scope).non_negative

    def _all_non_negative(self, *exprs: Expr) -> bool:
        return all(self._non_negative(expr) for expr in exprs)
