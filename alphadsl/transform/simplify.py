"""Rewrites an expression to a shorter equal one, children first, until nothing changes.

Sums and products are brought to normal form, so that terms cancel as they do on paper; factors that do not depend on
the index of a reduction, j or i, are moved out of it; d[i]^2 - d[i,j]^2 becomes one quantity. Only exact identities are
used, on the domain that the checker has proved.
"""

import math
from collections.abc import Callable

from alphadsl.ir.build import ONE, ZERO, add, apply, mul, power, share
from alphadsl.ir.derived import Derived
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import Level
from alphadsl.ir.nodes import Apply, Expr, Num, Pool, Reduce
from alphadsl.ir.rounding import safe_exp, safe_power
from alphadsl.ir.traversal import children, level_of, rebuild, walk
from alphadsl.transform.canonical import (
    Product,
    Terms,
    as_product,
    as_terms,
    from_product,
    from_terms,
    is_log_of_zero,
    multiply,
    raised,
)
from alphadsl.transform.reductions import BATCH, NEGATIVES, simplified_reduction, simplified_share

FOLDABLE: dict[str, Callable[..., float]] = {
    "exp": safe_exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "tanh": math.tanh,
    "min": min,
    "max": max,
    "relu": lambda value: max(value, 0.0),
    "pow": safe_power,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "eq": lambda a, b: float(a == b),
}


class Simplifier:
    """Simplification given what is known about the parameters; results are cached."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._done: dict[Expr, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        for node in () if expr in self._done else walk(expr):
            if node not in self._done:
                simpler = self._rule(rebuild(node, tuple(self._done[child] for child in children(node))))
                simpler = simpler if simpler == node else self(simpler)
                self._done[node] = self._done[simpler] = simpler
        return self._done[expr]

    def _rule(self, expr: Expr) -> Expr:
        match expr:
            case Apply(op, args) if op in FOLDABLE and all(isinstance(arg, Num) for arg in args):
                return self._folded(op, args)
            case Apply("add"):
                return self._factored(as_terms(expr, self))
            case Apply("neg" | "mul" | "div" | "exp"):
                return self._exponential(from_product(self._absorbed(as_product(expr, self))))
            case Apply("pow", (base, exponent)):
                return self._power(base, exponent)
            case Apply("pow0", (base, exponent)):
                positive = infer_interval(base, self.scope).positive
                return power(base, exponent) if positive or exponent == ZERO else expr
            case Apply("finite", (a,)):
                return expr if any(is_log_of_zero(part, self.scope) for part in walk(a)) else a
            case Apply("share", (part, whole)):
                return simplified_share(part, whole, self, self.scope)
            case Apply():
                return self._call(expr)
            case Reduce(over, body):
                return simplified_reduction(over, body, NEGATIVES, self, self.scope)
            case Pool(over, body):
                return simplified_reduction(over, body, BATCH, self, self.scope)
            case _:
                return expr

    def _folded(self, op: str, args: tuple[Expr, ...]) -> Expr:
        """The value as a number, or the expression itself if the value would be infinite or undefined."""
        unfolded = Apply(op, args)
        try:
            value = float(FOLDABLE[op](*(arg.value for arg in args if isinstance(arg, Num))))
        except (ValueError, OverflowError):
            return unfolded
        return Num(value) if math.isfinite(value) else unfolded

    def _factored(self, terms: Terms) -> Expr:
        """Factor out what is common to all terms and varies by row or pair, so that differences are taken unscaled."""
        products = [as_product(term, self) for term in terms]
        first = products[0].powers.items() if len(products) > 1 else ()
        common = {
            base: exponent
            for base, exponent in first
            if level_of(base) >= Level.ROW and all(product.powers.get(base) == exponent for product in products)
        }
        if not common:
            return from_terms(terms)
        inverse = raised(Product(1.0, common, ZERO), -1.0, self)
        rest = [
            (multiply(product, inverse, self), scale) for product, scale in zip(products, terms.values(), strict=True)
        ]
        inner = add(*(mul(Num(scale), from_product(product)) for product, scale in rest))
        return mul(from_product(Product(1.0, common, ZERO)), self(inner))

    def _absorbed(self, product: Product) -> Product:
        """Merge f * share(1, sum_j(f)) into one share, and also exp(a) * share(1, whole): the share is bounded even if
        its factors are not."""
        match next((base for base in product.powers if isinstance(base, Apply) and base.op == "share"), None):
            case Apply("share", (Num(1.0), whole)) as unit if product.powers[unit] == ONE:
                others = {base: power for base, power in product.powers.items() if base != unit}
                part = as_product(whole.body, self).powers if isinstance(whole, Reduce) else {}
                taken = part if part.items() <= others.items() else {}
                if not taken and product.exponential == ZERO:
                    return product
                above = from_product(Product(1.0, taken, product.exponential))
                rest = {base: power for base, power in others.items() if base not in taken}
                return multiply(
                    Product(product.coefficient, rest, ZERO), Product(1.0, {share(above, whole): ONE}, ZERO), self
                )
            case _:
                return product

    def _exponential(self, expr: Expr) -> Expr:
        match expr:
            case Apply("exp", (Apply("log", (a,)),)):
                return a
            case Apply("exp", (Num(),) as args):
                return self._folded("exp", args)
            case _:
                return expr

    def _power(self, base: Expr, exponent: Expr) -> Expr:
        match base, exponent:
            case _, Num(0.0):
                return ONE
            case _, Num(1.0):
                return base
            case Apply("pow", (inner, first)), _ if infer_interval(inner, self.scope).non_negative:
                return power(inner, mul(first, exponent))
            case Apply("exp", (a,)), _:
                return apply("exp", mul(a, exponent))
            case Apply("mul" | "div" | "neg"), Num(whole) if whole == round(whole):
                return from_product(raised(as_product(base, self), whole, self))
            case _:
                return power(base, exponent)

    def _call(self, expr: Apply) -> Expr:
        match expr:
            case Apply("log", (Apply("exp", (a,)),)):
                return a
            case Apply("log", (Apply("add", (Apply("exp", (a,)), Num(1.0))),)):
                return apply("softplus", a)
            case Apply("sqrt", (a,)):
                return power(a, Num(0.5))
            case Apply("stopgrad", (Num() as a,)) | Apply("stopgrad", (Apply("stopgrad") as a,)):
                return a
            case Apply("where", (Num(value), a, b)):
                return a if value else b
            case Apply("relu", (a,)) if infer_interval(a, self.scope).non_negative:
                return a
            case _:
                return expr


def simplify(derived: Derived, scope: Scope) -> Derived:
    simplified = Simplifier(scope)
    return derived.map(simplified)
