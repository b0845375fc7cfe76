"""Computes the positives of a labelled anchor together, so that a batch costs anchors x candidates.

Written out, a labelled loss has a row for each anchor i and positive p, with statistics over the negatives j of each: a
batch costs anchors x positives x candidates. But the sum over j of f(i,p) g(i,j) is f(i,p) times a sum that all
positives share, and the push that j receives is g(i,j) times the sum over p of f(i,p). Sums of such products, and
exponentials of sums of such parts, are separated here; other expressions (a hinge of d[i]^2 - d[i,j]^2) are left
unchanged. If other positives are among the negatives, the shared sum runs over all candidates except p.

The stable form of a loss with labels comes in; expressions of an anchor and any one candidate come out, in which a
`Gather` reduces over candidates.
"""

from collections.abc import Iterator
from enum import Flag
from functools import reduce as folded

from alphadsl.ir.build import NEGATIVE_D2, ONE, POSITIVE_D2, ZERO, add, apply, exp, log, mul, neg, share
from alphadsl.ir.derived import Derived
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.index_sets import IndexSet, Overlap
from alphadsl.ir.kinds import Among, Over, Quantity
from alphadsl.ir.nodes import Apply, Distance, Expr, Gather, Multiplier, Num, Pool, Reduce
from alphadsl.ir.traversal import children, rewrite
from alphadsl.transform.canonical import Product, as_product, as_terms, from_product, multiply
from alphadsl.transform.simplify import Simplifier

HIGHEST_POWER = 3
CANDIDATE = {Quantity.POSITIVE: Quantity.NEGATIVE, Quantity.INNER_POSITIVE: Quantity.INNER_NEGATIVE}


class Index(Flag):
    """Which candidates of an anchor an expression depends on."""

    NONE = 0
    POSITIVE = 1
    NEGATIVE = 2


OF = {
    Quantity.POSITIVE: Index.POSITIVE,
    Quantity.INNER_POSITIVE: Index.POSITIVE,
    Quantity.NEGATIVE: Index.NEGATIVE,
    Quantity.INNER_NEGATIVE: Index.NEGATIVE,
    Quantity.GAP: Index.POSITIVE | Index.NEGATIVE,
}
BOTH = Index.POSITIVE | Index.NEGATIVE


class Inseparable(Exception):
    """An expression depends on a positive and a negative at once and cannot be separated."""


def separate(derived: Derived, pairs: IndexSet, scope: Scope) -> Derived | None:
    """The same loss with the positives of an anchor together; None if it cannot be separated."""
    if not pairs.comes_together:
        return None
    separator = _Separator(pairs, scope)
    try:
        rows = derived.map(separator.converted)
        radial = (rows.radial[0], separator.summed_over_positives(rows.radial[1])) if rows.radial else None
        repel = separator.summed_over_positives(rows.repel)
    except Inseparable:
        return None
    return Derived(rows.value, rows.attract, repel, radial, rows.slopes).map(_of_candidates)


class _Separator:
    def __init__(self, pairs: IndexSet, scope: Scope) -> None:
        self._scope = scope
        self._simplified = Simplifier(scope)
        self._but_one = pairs.overlap == Overlap.WHOLE
        self._indices: dict[Expr, Index] = {}

    def converted(self, expr: Expr) -> Expr:
        """The expression, with every reduction over negatives turned into one that an anchor's positives share."""
        return self._simplified(rewrite(expr, self._rule))

    def summed_over_positives(self, push: Expr) -> Expr:
        """The sum over p of a weight of p and j, as an expression of j."""
        terms = [self._pushed(product) for product in self._products(push)]
        return self._simplified(add(*terms)) if terms else ZERO

    def _rule(self, part: Expr) -> Expr:
        match part:
            case Reduce(Over.SUM, body):
                return _sum(self._shared(product) for product in self._products(self._simplified(body)))
            case Reduce(over, body):
                outside, inside = self._parted(self._simplified(body))
                return add(outside, self._gathered(over, inside, Among.NEGATIVES))
            case Multiplier() if self._but_one:
                raise Inseparable
            case _:
                return part

    def _gathered(self, over: Over, body: Expr, among: Among) -> Expr:
        return Gather(over, self._simplified(body), among, self._but_one)

    def _shared(self, product: Product) -> Expr:
        """The sum of a product over negatives, with the factors that depend on the positive in front."""
        outer, inner = self._split(product)
        if outer.exponential == ZERO or Index.NEGATIVE not in self._index(inner.exponential):
            return mul(from_product(outer), self._gathered(Over.SUM, from_product(inner), Among.NEGATIVES))
        factors = from_product(Product(outer.coefficient, outer.powers, ZERO))
        return mul(factors, self._relative(outer.exponential, inner, Among.NEGATIVES))

    def _pushed(self, product: Product) -> Expr:
        """The sum of a product over positives, with the factors that depend on the negative in front."""
        outer, inner = self._split(product)
        if outer.exponential == ZERO:
            return mul(from_product(inner), self._gathered(Over.SUM, from_product(outer), Among.POSITIVES))
        if Index.NEGATIVE not in self._index(inner.exponential):
            outer = Product(outer.coefficient, outer.powers, add(outer.exponential, inner.exponential))
            front = from_product(Product(inner.coefficient, inner.powers, ZERO))
            return mul(front, self._gathered(Over.SUM, from_product(outer), Among.POSITIVES))
        factors = from_product(Product(inner.coefficient, inner.powers, ZERO))
        return mul(factors, self._relative(inner.exponential, outer, Among.POSITIVES))

    def _relative(self, exponent: Expr, summed: Product, among: Among) -> Expr:
        """e^exponent times a sum of terms of either sign, without forming an exponential on its own."""
        factor = from_product(Product(1.0, summed.powers, ZERO))
        interval = infer_interval(factor, self._scope)
        signs = (1.0,) if interval.non_negative else (-1.0,) if interval.non_positive else (1.0, -1.0)
        return _sum(
            mul(
                Num(summed.coefficient * sign),
                exp(add(exponent, self._log_gathered(mul(Num(sign), factor), summed.exponential, among))),
            )
            for sign in signs
        )

    def _log_gathered(self, factor: Expr, exponent: Expr, among: Among) -> Expr:
        size = self._simplified(apply("relu", factor))
        body = exponent if size == ONE else add(exponent, log(size))
        return self._gathered(Over.LOGSUMEXP, body, among)

    def _split(self, product: Product) -> tuple[Product, Product]:
        """The part of a product that depends on the positive, with the coefficient, and the part that does not."""
        outside, inside = self._parted(product.exponential)
        outer = {base: power for base, power in product.powers.items() if self._positive(base, power)}
        inner = {base: power for base, power in product.powers.items() if base not in outer}
        return Product(product.coefficient, outer, outside), Product(1.0, inner, inside)

    def _parted(self, expr: Expr) -> tuple[Expr, Expr]:
        """The terms of a sum that depend on the positive, and those that do not."""
        outside: list[Expr] = [ZERO]
        inside: list[Expr] = [ZERO]
        for product in self._products(expr):
            index = self._indexed(product)
            if index == BOTH:
                raise Inseparable
            (outside if index == Index.POSITIVE else inside).append(from_product(product))
        return self._simplified(add(*outside)), self._simplified(add(*inside))

    def _products(self, expr: Expr) -> list[Product]:
        """The terms of a sum as products, of which no factor depends on both a positive and a negative."""
        products: list[Product] = []
        for term, scale in as_terms(expr, self._simplified).items():
            products += self._distributed(as_product(mul(Num(scale), term), self._simplified))
        return products

    def _distributed(self, product: Product) -> list[Product]:
        for base, power in product.powers.items():
            if self._index(base) | self._index(power) != BOTH:
                continue
            rest = {factor: exponent for factor, exponent in product.powers.items() if factor != base}
            if power != ONE:
                rest[base] = Num(_one_less(power))
            others = Product(product.coefficient, rest, product.exponential)
            parts = (as_product(part, self._simplified) for part in self._parts(base))
            return [factor for part in parts for factor in self._distributed(multiply(others, part, self._simplified))]
        return [product]

    def _parts(self, base: Expr) -> tuple[Expr, ...]:
        """The terms of a factor that depends on a positive and a negative."""
        match base:
            case Distance(Quantity.GAP):
                return POSITIVE_D2, neg(NEGATIVE_D2)
            case Apply("add", parts):
                return parts
            case Apply("share", (part, whole)):
                return (mul(part, share(ONE, whole)),)
            case Apply("log_share", (part, whole)):
                return part, apply("log_share", ZERO, whole)
            case Apply("exp_difference", (a, b, _)):
                return exp(a), neg(exp(b))
            case _:
                raise Inseparable

    def _positive(self, base: Expr, power: Expr) -> bool:
        return Index.POSITIVE in self._index(base) | self._index(power)

    def _indexed(self, product: Product) -> Index:
        parts = [product.exponential, *(part for factor in product.powers.items() for part in factor)]
        return folded(Index.__or__, map(self._index, parts))

    def _index(self, expr: Expr) -> Index:
        if expr not in self._indices:
            match expr:
                case Distance(of):
                    index = OF[of]
                case Gather():
                    index = Index.POSITIVE if expr.but_one else Index.NONE
                case Pool() | Multiplier():
                    index = Index.NONE
                case _:
                    index = folded(Index.__or__, map(self._index, children(expr)), Index.NONE)
            self._indices[expr] = index
        return self._indices[expr]


def _one_less(power: Expr) -> float:
    match power:
        case Num(value) if value == round(value) and 1 < value <= HIGHEST_POWER:
            return value - 1
        case _:
            raise Inseparable


def _sum(terms: Iterator[Expr]) -> Expr:
    return folded(add, terms)


def _of_candidates(expr: Expr) -> Expr:
    """The expression with the positive as candidate, once nothing depends on both a positive and a negative."""

    def rule(part: Expr) -> Expr:
        match part:
            case Distance(of) if of in CANDIDATE:
                return Distance(CANDIDATE[of])
            case _:
                return part

    return rewrite(expr, rule)
