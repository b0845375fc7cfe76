"""The one table of built-ins: a row says everything the compiler knows about a function.

Columns: range (interval of results), direction in each argument, domain, partial derivatives, NumPy and torch text.
Adding a built-in that authors may use is adding a row here (and its logarithm in `transform/stabilise.py` if it can
carry an exponential). Names in `AUTHOR_FUNCTIONS` may be called in a spec; the others are written by operators or
passes: `share` divides a row by its sum, `pow0` is a power with 0 at 0, `logaddexp` and its kin carry logarithms.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag

from alphadsl.ir import interval as iv
from alphadsl.ir.build import HALF, ONE, ZERO, add, apply, div, exp, log, mul, neg, power, share, sub
from alphadsl.ir.interval import Interval
from alphadsl.ir.nodes import Expr, Num


class Direction(IntFlag):
    """In which way a value may move when its argument grows."""

    CONSTANT = 0
    RISING = 1
    FALLING = 2
    UNKNOWN = 3


RISING, FALLING, UNKNOWN, CONSTANT = (
    Direction.RISING,
    Direction.FALLING,
    Direction.UNKNOWN,
    Direction.CONSTANT,
)
Intervals = tuple[Interval, ...]


@dataclass(frozen=True)
class Domain:
    """The argument that is restricted, to what, and in words."""

    argument: int
    allowed: Interval
    words: str


@dataclass(frozen=True)
class Atom:
    arity: int
    image: Callable[..., Interval]
    directions: Callable[..., tuple[Direction, ...]]
    partials: Callable[..., tuple[Expr, ...]]
    numpy: str
    torch: str
    domain: Callable[..., Domain | None] = lambda *_: None
    strict: bool = True


def _unary(function: Callable[[float], float], low: float, high: float) -> Callable[[Interval], Interval]:
    """The image of a rising function with these limits at the ends of the line."""

    def limited(value: float) -> float:
        return low if value == -math.inf else high if value == math.inf else function(value)

    return lambda a: iv.monotone(a, limited)


def _rising(*_: Interval) -> tuple[Direction, ...]:
    return (RISING,)


def _sign(a: Interval) -> Direction:
    if a.point and a.low == 0:
        return CONSTANT
    return RISING if a.non_negative else FALLING if a.non_positive else UNKNOWN


def _flipped(direction: Direction) -> Direction:
    return {RISING: FALLING, FALLING: RISING}.get(direction, direction)


def _power_directions(base: Interval, exponent: Interval) -> tuple[Direction, ...]:
    in_exponent = RISING if base.low >= 1 else FALLING if base.high <= 1 and base.positive else UNKNOWN
    if base.non_negative:
        return _sign(exponent), in_exponent
    whole = exponent.point and exponent.low == round(exponent.low)
    if whole and exponent.low > 0 and exponent.low % 2:
        return RISING, in_exponent
    if whole and exponent.low > 0 and base.non_positive:
        return FALLING, in_exponent
    return UNKNOWN, in_exponent


def _power_domain(base: Interval, exponent: Interval) -> Domain | None:
    whole = exponent.point and exponent.low == round(exponent.low)
    if exponent.non_negative:
        return None if whole else Domain(0, iv.NON_NEGATIVE, "only a non-negative number has a broken power")
    if whole and base.negative:
        return None
    return Domain(0, iv.POSITIVE, "a negative power divides by its base, which must be positive")


def _power_partials(base: Expr, exponent: Expr) -> tuple[Expr, ...]:
    """d^p has a finite gradient at duplicates: there, a power below one counts as flat."""
    match exponent:
        case Num(p) if p >= 1 or p == round(p):
            slope = power(base, Num(p - 1))
        case _:
            slope = apply("pow0", base, sub(exponent, ONE))
    return mul(exponent, slope), mul(power(base, exponent), log(base))


def _division_domain(_: Interval, b: Interval) -> Domain | None:
    return Domain(1, iv.NEGATIVE if b.high <= 0 else iv.POSITIVE, "the denominator must not reach 0")


def _absolute(a: Interval) -> Interval:
    if a.non_negative:
        return a
    return iv.negated(a) if a.non_positive else iv.hull((iv.point(0.0), iv.negated(a), a))


def _extremum(pick: Callable[..., float]) -> Callable[[Interval, Interval], Interval]:
    def image(a: Interval, b: Interval) -> Interval:
        low, high = pick(a.low, b.low), pick(a.high, b.high)
        return Interval(low, high, low not in a and low not in b, high not in a and high not in b)

    return image


def _comparison(numpy: str, torch: str) -> Atom:
    return Atom(
        2,
        lambda *_: iv.UNIT,
        lambda *_: (UNKNOWN, UNKNOWN),
        lambda *_: (ZERO, ZERO),
        numpy,
        torch,
        strict=False,
    )


def _extremum_atom(pick: Callable[..., float], beats: str, numpy: str) -> Atom:
    """Ties share the gradient evenly."""

    def partials(a: Expr, b: Expr) -> tuple[Expr, ...]:
        tie = mul(HALF, apply("eq", a, b))
        return add(apply(beats, a, b), tie), add(apply(beats, b, a), tie)

    text = f"torch.{numpy}({{0}}, {{1}})"
    return Atom(2, _extremum(pick), lambda *_: (RISING, RISING), partials, numpy, text, strict=False)


def _log_domain(_: Interval) -> Domain:
    return Domain(0, iv.POSITIVE, "a logarithm is defined for positive numbers only")


def _sigmoid(value: float) -> float:
    return 1 / (1 + iv.safe_exp(-value))


def _softplus(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def _sigmoid_slope(a: Expr) -> Expr:
    return mul(apply("sigmoid", a), apply("sigmoid", neg(a)))


def _logarithm(arity: int, numpy: str, torch: str) -> Atom:
    """Carries the logarithm of a positive quantity; made after differentiation, so it has no derivative."""
    nothing = (UNKNOWN,) * arity
    return Atom(arity, lambda *_: iv.REAL, lambda *_: nothing, lambda *_: (), numpy, torch, strict=False)


ATOMS: dict[str, Atom] = {
    "add": Atom(2, iv.added, lambda *_: (RISING, RISING), lambda *_: (ONE, ONE), "add", "{0} + {1}"),
    "neg": Atom(1, iv.negated, lambda *_: (FALLING,), lambda *_: (Num(-1.0),), "negative", "-{0}"),
    "mul": Atom(2, iv.multiplied, lambda a, b: (_sign(b), _sign(a)), lambda a, b: (b, a), "multiply", "{0} * {1}"),
    "div": Atom(
        2,
        lambda a, b: iv.multiplied(a, iv.reciprocal(b)),
        lambda a, b: (_sign(b), _flipped(_sign(a))),
        lambda a, b: (div(ONE, b), neg(div(a, mul(b, b)))),
        "divide",
        "{0} / {1}",
        _division_domain,
    ),
    "pow": Atom(2, iv.power, _power_directions, _power_partials, "power", "{0} ** {1}", _power_domain),
    "exp": Atom(1, _unary(iv.safe_exp, 0.0, math.inf), _rising, lambda a: (exp(a),), "exp", "torch.exp({0})"),
    "log": Atom(
        1,
        _unary(lambda x: math.log(x) if x > 0 else -math.inf, -math.inf, math.inf),
        _rising,
        lambda a: (div(ONE, a),),
        "log",
        "torch.log({0})",
        _log_domain,
    ),
    "sqrt": Atom(
        1,
        lambda a: iv.power(a, iv.point(0.5)),
        _rising,
        lambda a: (mul(HALF, apply("pow0", a, Num(-0.5))),),
        "sqrt",
        "torch.sqrt({0})",
        lambda _: Domain(0, iv.NON_NEGATIVE, "a square root is defined for non-negative numbers only"),
    ),
    "relu": Atom(
        1,
        lambda a: Interval(max(a.low, 0.0), max(a.high, 0.0), a.low_open and a.low >= 0, a.high_open and a.high > 0),
        _rising,
        lambda a: (apply("gt", a, ZERO),),
        "relu",
        "torch.relu({0})",
        strict=False,
    ),
    "sigmoid": Atom(
        1,
        _unary(_sigmoid, 0.0, 1.0),
        _rising,
        lambda a: (_sigmoid_slope(a),),
        "sigmoid",
        "torch.sigmoid({0})",
    ),
    "softplus": Atom(
        1,
        _unary(_softplus, 0.0, math.inf),
        _rising,
        lambda a: (apply("sigmoid", a),),
        "softplus",
        "torch.logaddexp({0}, s_AC.new_zeros(()))",
    ),
    "tanh": Atom(
        1,
        _unary(math.tanh, -1.0, 1.0),
        _rising,
        lambda a: (mul(Num(4.0), _sigmoid_slope(mul(Num(2.0), a))),),
        "tanh",
        "torch.tanh({0})",
    ),
    "abs": Atom(
        1,
        _absolute,
        lambda a: (_sign(a),),
        lambda a: (sub(apply("gt", a, ZERO), apply("lt", a, ZERO)),),
        "abs",
        "torch.abs({0})",
        strict=False,
    ),
    "min": _extremum_atom(min, "lt", "minimum"),
    "max": _extremum_atom(max, "gt", "maximum"),
    "where": Atom(
        3,
        lambda _, a, b: iv.hull((a, b)),
        lambda *_: (UNKNOWN, RISING, RISING),
        lambda c, a, b: (ZERO, c, sub(ONE, c)),
        "where",
        "torch.where({0} != 0, {1}, {2})",
        strict=False,
    ),
    "stopgrad": Atom(1, lambda a: a, _rising, lambda _: (ZERO,), "positive", "{0}"),
    "lt": _comparison("less", "({0} < {1}).to(s_AC.dtype)"),
    "le": _comparison("less_equal", "({0} <= {1}).to(s_AC.dtype)"),
    "gt": _comparison("greater", "({0} > {1}).to(s_AC.dtype)"),
    "ge": _comparison("greater_equal", "({0} >= {1}).to(s_AC.dtype)"),
    "eq": _comparison("equal", "({0} == {1}).to(s_AC.dtype)"),
    "share": Atom(
        2,
        lambda *_: iv.NON_NEGATIVE,
        lambda *_: (RISING, FALLING),
        lambda a, b: (share(ONE, b), neg(mul(share(a, b), share(ONE, b)))),
        "share",
        "share({0}, {1})",
        strict=False,
    ),
    "pow0": Atom(
        2,
        lambda *_: iv.NON_NEGATIVE,
        lambda *_: (UNKNOWN, UNKNOWN),
        lambda a, e: (mul(e, apply("pow0", a, sub(e, ONE))), mul(apply("pow0", a, e), log(a))),
        "pow0",
        "pow0({0}, {1})",
        strict=False,
    ),
    "logaddexp": _logarithm(2, "logaddexp", "torch.logaddexp({0}, {1})"),
    "log_share": _logarithm(2, "log_share", "log_share({0}, {1})"),
    "log_softplus": _logarithm(1, "log_softplus", "log_softplus({0})"),
}

AUTHOR_FUNCTIONS = frozenset("exp log sqrt relu sigmoid softplus tanh abs min max where stopgrad".split())
