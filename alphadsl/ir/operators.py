"""The rows of the table of built-ins that are written as operators, or that only passes create.

`share` divides a row by its sum, `pow0` is a power that is 0 where it would be infinite, `finite(log(a))` is 0 where a
is 0, `carry(value, witness)` is NaN where the witness is NaN, `logaddexp` and the like work on logarithms, and
`exp_difference(a, b, a - b)` is e^a - e^b.
"""

from collections.abc import Callable

from alphadsl.ir import interval as iv
from alphadsl.ir.atom import (
    FALLING,
    RISING,
    UNKNOWN,
    Atom,
    Direction,
    Domain,
    End,
    coincides,
    complement,
    exceeds,
    flipped,
    rising,
    sign_of,
)
from alphadsl.ir.build import ONE, ZERO, apply, div, log, mul, neg, power, share, sub
from alphadsl.ir.interval import INFINITY, Interval
from alphadsl.ir.nodes import Expr, Num


def _power_directions(base: Interval, exponent: Interval) -> tuple[Direction, ...]:
    in_exponent = RISING if base.low >= 1 else FALLING if base.high <= 1 and base.positive else UNKNOWN
    if base.non_negative:
        return sign_of(exponent), in_exponent
    whole = iv.is_whole(exponent)
    if whole and exponent.low > 0 and exponent.low % 2:
        return RISING, in_exponent
    if whole and exponent.low > 0 and base.non_positive:
        return FALLING, in_exponent
    return UNKNOWN, in_exponent


def _power_domain(base: Interval, exponent: Interval) -> Domain | None:
    whole = iv.is_whole(exponent)
    if exponent.non_negative:
        return None if whole else Domain(0, iv.NON_NEGATIVE, "only a non-negative number has a fractional power")
    if whole and base.negative:
        return None
    return Domain(0, iv.POSITIVE, "a negative power divides by its base, which must be positive")


def _power_partials(base: Expr, exponent: Expr) -> tuple[Expr, ...]:
    """The partial derivatives are finite where embeddings coincide: at a base of 0, the derivative of a power with an
    exponent below one is set to 0. The derivative with respect to the exponent, x^p log x, goes to 0 with x."""
    match exponent:
        case Num(p) if p >= 1 or (p < 0 and p == round(p)):
            slope = power(base, Num(p - 1))
        case _:
            slope = apply("pow0", base, sub(exponent, ONE))
    return mul(exponent, slope), mul(power(base, exponent), apply("finite", log(base)))


def _division_domain(_: Interval, b: Interval) -> Domain | None:
    return Domain(1, iv.NEGATIVE if b.high <= 0 else iv.POSITIVE, "the denominator must not reach 0")


def _comparison(image: Callable[[Interval, Interval], Interval], numpy: str, torch: str) -> Atom:
    return Atom(2, image, lambda *_: (UNKNOWN, UNKNOWN), lambda *_: (ZERO, ZERO), numpy, torch)


def _logarithm(arity: int, numpy: str, torch: str) -> Atom:
    """An atom that works on the logarithms of positive quantities. Such atoms are created after differentiation, so
    they have no derivative."""
    return Atom(arity, lambda *_: iv.REAL, lambda *_: (UNKNOWN,) * arity, lambda *_: (), numpy, torch)


POWERS_OF_ZERO = (
    End((0.0, 0.0), (0.0, 0.0)),
    End((0.0, 0.5), (0.0, 0.0)),
    End((0.0, 1.0), (1.0, 0.0)),
    End((0.0, 1.5), (0.0, 0.0)),
    End((0.0, 2.0), (0.0, 0.0)),
)

OPERATORS: dict[str, Atom] = {
    "add": Atom(2, iv.added, rising, lambda *_: (ONE, ONE), "add", "{0} + {1}"),
    "neg": Atom(1, iv.negated, lambda *_: (FALLING,), lambda *_: (Num(-1.0),), "negative", "-{0}"),
    "mul": Atom(2, iv.multiplied, lambda a, b: (sign_of(b), sign_of(a)), lambda a, b: (b, a), "multiply", "{0} * {1}"),
    "div": Atom(
        2,
        iv.divided,
        lambda a, b: (sign_of(b), flipped(sign_of(a))),
        lambda a, b: (div(ONE, b), neg(div(a, mul(b, b)))),
        "divide",
        "{0} / {1}",
        _division_domain,
        (End((1.0, INFINITY), (0.0, 0.0)), End((1.0, -INFINITY), (0.0, 0.0))),
    ),
    "pow": Atom(2, iv.power, _power_directions, _power_partials, "power", "{0} ** {1}", _power_domain, POWERS_OF_ZERO),
    "lt": _comparison(lambda a, b: exceeds(b, a), "less", "({0} < {1}).to({like}.dtype)"),
    "le": _comparison(lambda a, b: complement(exceeds(a, b)), "less_equal", "({0} <= {1}).to({like}.dtype)"),
    "gt": _comparison(exceeds, "greater", "({0} > {1}).to({like}.dtype)"),
    "ge": _comparison(lambda a, b: complement(exceeds(b, a)), "greater_equal", "({0} >= {1}).to({like}.dtype)"),
    "eq": _comparison(coincides, "equal", "({0} == {1}).to({like}.dtype)"),
    "share": Atom(
        2,
        lambda a, _: iv.POSITIVE if a.positive else iv.NON_NEGATIVE,
        lambda *_: (RISING, FALLING),
        lambda a, b: (share(ONE, b), neg(mul(share(a, b), share(ONE, b)))),
        "share",
        "share({0}, {1})",
        ends=(End((0.0, 0.0), (0.0, 0.0)),),
    ),
    "pow0": Atom(
        2,
        lambda a, e: iv.power(a, e) if a.positive else iv.NON_NEGATIVE,
        lambda *_: (UNKNOWN, UNKNOWN),
        lambda a, e: (mul(e, apply("pow0", a, sub(e, ONE))), mul(apply("pow0", a, e), apply("finite", log(a)))),
        "pow0",
        "pow0({0}, {1})",
        ends=(*POWERS_OF_ZERO, End((0.0, -0.5), (0.0, 0.0))),
    ),
    "finite": Atom(
        1, lambda a: iv.hull((a, iv.point(0.0))), lambda *_: (UNKNOWN,), lambda _: (ONE,), "finite", "finite({0})"
    ),
    "carry": Atom(
        2,
        lambda a, _: a,
        lambda *_: (RISING, Direction.CONSTANT),
        lambda *_: (ONE, ZERO),
        "carry",
        "carry({0}, {1})",
    ),
    "logaddexp": _logarithm(2, "logaddexp", "torch.logaddexp({0}, {1})"),
    "log_difference": _logarithm(2, "log_difference", "log_difference({0}, {1})"),
    "log_share": _logarithm(2, "log_share", "log_share({0}, {1})"),
    "log_softplus": _logarithm(1, "log_softplus", "log_softplus({0})"),
    "log_pow0": _logarithm(2, "log_pow0", "log_pow0({0}, {1})"),
    "exp_difference": _logarithm(3, "exp_difference", "exp_difference({0}, {1}, {2})"),
}
