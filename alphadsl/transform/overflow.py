"""Overflow analysis: which expressions may leave the range of float32, exponentials at the top and small values at the
bottom.

What is known about the parameters comes in; answers about simplified expressions come out, by rule and cached.
`stabilise` works with the logarithms of expressions that may leave the range.
"""

from alphadsl.ir.build import ONE, total
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import Level, Over
from alphadsl.ir.nodes import Apply, Expr, Inverse, Multiplier, Pool, Reduce
from alphadsl.ir.traversal import children, level_of
from alphadsl.transform.canonical import as_terms, from_terms
from alphadsl.transform.simplify import Simplifier

MODERATE = 1e6
STEEP = 4.0


class OverflowAnalysis:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.simplified = Simplifier(scope)
        self._overflowing: dict[Expr, bool] = {}
        self._underflowing: dict[Expr, bool] = {}

    def _leaves_range(self, expr: Expr) -> bool:
        return self._overflows(expr) or self._underflows(expr)

    def _overflows(self, expr: Expr) -> bool:
        """Whether an exponential is exposed: one of more than parameters, outside a logarithm, and outside a row that
        sums to one."""
        if expr not in self._overflowing:
            match expr:
                case Apply("exp"):
                    self._overflowing[expr] = level_of(expr) > Level.CONSTANT
                case Apply("log") | Reduce(Over.LOGSUMEXP) | Pool(Over.LOGSUMEXP) | Multiplier() | Inverse():
                    self._overflowing[expr] = False
                case Apply("share", (part, whole)) if self._sums_to_one(part, whole):
                    self._overflowing[expr] = False
                case _:
                    self._overflowing[expr] = any(self._overflows(child) for child in children(expr))
        return self._overflowing[expr]

    def _underflows(self, expr: Expr) -> bool:
        """Whether an expression may come closer to 0 than its arguments, and so leave the range of float32."""
        if expr not in self._underflowing:
            if infer_interval(expr, self.scope).low >= 1 / MODERATE:
                self._underflowing[expr] = False
            else:
                match expr:
                    case Apply("exp" | "sigmoid" | "softplus"):
                        self._underflowing[expr] = True
                    case Apply("pow" | "pow0", (base, power)):
                        steep = infer_interval(power, self.scope).high > STEEP
                        self._underflowing[expr] = steep or self._underflows(base)
                    case Apply("log", (a,)):
                        beyond = self._beyond_one(a)
                        self._underflowing[expr] = beyond is not None and self._underflows(beyond)
                    case Reduce(Over.LOGSUMEXP) | Multiplier() | Inverse():
                        self._underflowing[expr] = False
                    case _:
                        self._underflowing[expr] = any(self._underflows(child) for child in children(expr))
        return self._underflowing[expr]

    def _sums_to_one(self, part: Expr, whole: Expr) -> bool:
        return whole == self.simplified(total(part))

    def _beyond_one(self, expr: Expr) -> Expr | None:
        """The x of an expression 1 + x with non-negative x; None for any other expression."""
        terms = as_terms(expr, self.simplified)
        beyond = from_terms({term: scale for term, scale in terms.items() if term != ONE})
        return beyond if terms.get(ONE) == 1.0 and self._non_negative(beyond) else None

    def _is_moderate(self, expr: Expr) -> bool:
        """Whether values are well inside the range of float32, so that dividing by their row sum is safe as written."""
        interval = infer_interval(expr, self.scope)
        return interval.high <= MODERATE and (interval.low >= 1 / MODERATE or interval.low == 0)

    def _non_negative(self, expr: Expr) -> bool:
        return infer_interval(expr, self.scope).non_negative

    def _all_non_negative(self, *exprs: Expr) -> bool:
        return all(self._non_negative(expr) for expr in exprs)
