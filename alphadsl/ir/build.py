"""Short constructors for expressions, so that a formula in a pass reads like the formula in the paper."""

from functools import reduce

from alphadsl.ir.kinds import Over, Quantity
from alphadsl.ir.nodes import Anchors, Apply, Count, Distance, Expr, Num, Pool, Reduce

ZERO = Num(0.0)
ONE = Num(1.0)
HALF = Num(0.5)
POSITIVE_D2 = Distance(Quantity.POSITIVE)
NEGATIVE_D2 = Distance(Quantity.NEGATIVE)
GAP = Distance(Quantity.GAP)
COUNT = Count()
ANCHORS = Anchors()


def apply(op: str, *args: Expr) -> Expr:
    return Apply(op, args)


def neg(a: Expr) -> Expr:
    return Apply("neg", (a,))


def add(*terms: Expr) -> Expr:
    return reduce(lambda a, b: Apply("add", (a, b)), terms)


def sub(a: Expr, b: Expr) -> Expr:
    return add(a, neg(b))


def mul(*factors: Expr) -> Expr:
    return reduce(lambda a, b: Apply("mul", (a, b)), factors)


def div(a: Expr, b: Expr) -> Expr:
    return Apply("div", (a, b))


def power(base: Expr, exponent: Expr) -> Expr:
    return Apply("pow", (base, exponent))


def exp(a: Expr) -> Expr:
    return Apply("exp", (a,))


def log(a: Expr) -> Expr:
    return Apply("log", (a,))


def total(body: Expr) -> Expr:
    """The sum over the negatives of an anchor."""
    return Reduce(Over.SUM, body)


def over_anchors(body: Expr) -> Expr:
    """The sum over the anchors of the batch."""
    return Pool(Over.SUM, body)


def share(part: Expr, whole: Expr) -> Expr:
    """part / whole, and 0 where the whole is 0: normalises a row of weights to sum to one."""
    return Apply("share", (part, whole))
