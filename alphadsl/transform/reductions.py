"""Simpler forms of reductions over j or over the batch, and of shares: factors and terms that are constant over the
range come out, equal rows cancel. Bodies come in simplified; only exact identities are used.
"""

from dataclasses import dataclass

from alphadsl.ir.build import ANCHORS, COUNT, ONE, ZERO, add, div, log, mul, share
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import Level, Over
from alphadsl.ir.nodes import Apply, Expr, Pool, Reduce
from alphadsl.ir.traversal import level_of
from alphadsl.transform.canonical import (
    Product,
    Rule,
    as_product,
    as_terms,
    from_product,
    from_terms,
    multiply,
    raised,
    reduced_among,
)


@dataclass(frozen=True)
class Range:
    """What a reduction runs over; expressions of at least this level vary over the range."""

    level: Level
    count: Expr
    node: type[Reduce] | type[Pool]

    def moves(self, expr: Expr) -> bool:
        return level_of(expr) >= self.level

    def reduced(self, over: Over, body: Expr) -> Expr:
        return self.node(over, body)


NEGATIVES = Range(Level.PAIR, COUNT, Reduce)
BATCH = Range(Level.ROW, ANCHORS, Pool)


def simplified_reduction(over: Over, body: Expr, range: Range, simplified: Rule, scope: Scope) -> Expr:
    match over:
        case Over.MEAN:
            return div(range.reduced(Over.SUM, body), range.count)
        case Over.SUM:
            return _sum(body, range, simplified, scope)
        case _:
            return _shifted(over, body, range, simplified)


def simplified_share(part: Expr, whole: Expr, simplified: Rule, scope: Scope) -> Expr:
    """Cancel row-level factors common to part and whole; if the whole cannot be 0, use a plain division."""
    above, below = as_product(part, simplified), as_product(whole, simplified)
    common = {
        base: power
        for base, power in above.powers.items()
        if below.powers.get(base) == power and infer_interval(base, scope).positive
    }
    if above.coefficient != 1 or common:
        inverse = raised(Product(above.coefficient, common, ZERO), -1.0, simplified)
        parts = (from_product(multiply(product, inverse, simplified)) for product in (above, below))
        return share(*parts)
    return div(part, whole) if whole in (COUNT, ONE) else share(part, whole)


def _sum(body: Expr, range: Range, simplified: Rule, scope: Scope) -> Expr:
    if not range.moves(body):
        return mul(range.count, body)
    match body:
        case Apply("share", (part, whole)) if whole == simplified(range.reduced(Over.SUM, part)):
            return simplified_share(whole, whole, simplified, scope)
    product = as_product(body, simplified)
    inner = {base: power for base, power in product.powers.items() if range.moves(base) or range.moves(power)}
    outer = {base: power for base, power in product.powers.items() if base not in inner}
    pulled = from_product(Product(product.coefficient, outer, ZERO))
    rest = range.reduced(Over.SUM, from_product(Product(1.0, inner, product.exponential)))
    return rest if pulled == ONE else mul(pulled, simplified(rest))


def _shifted(over: Over, body: Expr, range: Range, simplified: Rule) -> Expr:
    """Move terms that are constant over the range out of max, min and log-sum-exp, except a term that a log-sum-exp is
    taken relative to."""
    if not range.moves(body):
        return add(body, log(range.count)) if over == Over.LOGSUMEXP else body
    terms = as_terms(body, simplified)
    relative = over == Over.LOGSUMEXP
    inner = {
        term: value
        for term, value in terms.items()
        if range.moves(term) or (relative and reduced_among(term, value, terms))
    }
    outer = {term: value for term, value in terms.items() if term not in inner}
    reduced = range.reduced(over, from_terms(inner))
    return add(from_terms(outer), reduced) if outer else reduced
