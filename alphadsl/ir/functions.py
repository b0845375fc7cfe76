"""The rows of the table of built-ins that an author calls by name."""

import math
from collections.abc import Callable, Mapping

from alphadsl.ir import interval as iv
from alphadsl.ir.atom import CONSTANT, RISING, UNKNOWN, Atom, Domain, End, rising, sign_of
from alphadsl.ir.build import HALF, ONE, ZERO, add, apply, div, exp, mul, neg, sub
from alphadsl.ir.interval import INFINITY, POSITIVE, REAL, Interval
from alphadsl.ir.nodes import Expr, Num
from alphadsl.ir.rounding import safe_exp


def _between(
    limits: Interval, function: Callable[[float], float], exact: Mapping[float, float]
) -> Callable[[Interval], Interval]:
    """The image of an increasing function with these limits at minus infinity and infinity, which it never attains.
    `exact` has the values known exactly."""

    def limited(value: float) -> float:
        return limits.low if value == -INFINITY else limits.high if value == INFINITY else function(value)

    return lambda a: iv.monotone(a, limited, limits, exact)


def _logarithm(value: float) -> float:
    return math.log(value) if value > 0 else -INFINITY


def _sigmoid(value: float) -> float:
    return 1 / (1 + safe_exp(-value))


def _softplus(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def _sigmoid_slope(a: Expr) -> Expr:
    return mul(apply("sigmoid", a), apply("sigmoid", neg(a)))


def _extremum(pick: Callable[..., float]) -> Callable[[Interval, Interval], Interval]:
    def image(a: Interval, b: Interval) -> Interval:
        low, high = pick(a.low, b.low), pick(a.high, b.high)
        return Interval(low, high, low not in a and low not in b, high not in a and high not in b)

    return image


def _extremum_atom(pick: Callable[..., float], beats: str, numpy: str) -> Atom:
    """The row of `min` or `max`: in a tie, both arguments get half of the gradient."""

    def partials(a: Expr, b: Expr) -> tuple[Expr, ...]:
        tie = mul(HALF, apply("eq", a, b))
        return add(apply(beats, a, b), tie), add(apply(beats, b, a), tie)

    lesser = (1.0, 0.0) if beats == "lt" else (0.0, 1.0)
    ends = End((1.0, 1.0), (0.5, 0.5)), End((1.0, INFINITY), lesser), End((-INFINITY, 1.0), lesser)
    return Atom(2, _extremum(pick), rising, partials, numpy, f"torch.{numpy}({{0}}, {{1}})", ends=ends)


def _flattening(below: float, above: float) -> tuple[End, ...]:
    """The slopes of a function of one argument at minus infinity and infinity."""
    return End((-INFINITY,), (below,)), End((INFINITY,), (above,))


FUNCTIONS: dict[str, Atom] = {
    "exp": Atom(
        1,
        _between(POSITIVE, safe_exp, {0.0: 1.0}),
        rising,
        lambda a: (exp(a),),
        "exp",
        "torch.exp({0})",
        ends=(End((-INFINITY,), (0.0,)),),
    ),
    "log": Atom(
        1,
        _between(REAL, _logarithm, {0.0: -INFINITY, 1.0: 0.0}),
        rising,
        lambda a: (div(ONE, a),),
        "log",
        "torch.log({0})",
        lambda _: Domain(0, POSITIVE, "a logarithm is defined for positive numbers only"),
        (End((INFINITY,), (0.0,)),),
    ),
    "sqrt": Atom(
        1,
        lambda a: iv.power(a, iv.point(0.5)),
        rising,
        lambda a: (mul(HALF, apply("pow0", a, Num(-0.5))),),
        "sqrt",
        "torch.sqrt({0})",
        lambda _: Domain(0, iv.NON_NEGATIVE, "a square root is defined for non-negative numbers only"),
        (End((0.0,), (0.0,)), End((INFINITY,), (0.0,))),
    ),
    "relu": Atom(
        1,
        iv.above,
        rising,
        lambda a: (apply("gt", a, ZERO),),
        "relu",
        "torch.relu({0})",
        ends=(End((0.0,), (0.0,)), *_flattening(0.0, 1.0)),
    ),
    "sigmoid": Atom(
        1,
        _between(Interval(0.0, 1.0), _sigmoid, {0.0: 0.5}),
        rising,
        lambda a: (_sigmoid_slope(a),),
        "sigmoid",
        "torch.sigmoid({0})",
        ends=_flattening(0.0, 0.0),
    ),
    "softplus": Atom(
        1,
        _between(POSITIVE, _softplus, {}),
        rising,
        lambda a: (apply("sigmoid", a),),
        "softplus",
        "softplus({0})",
        ends=_flattening(0.0, 1.0),
    ),
    "tanh": Atom(
        1,
        _between(Interval(-1.0, 1.0), math.tanh, {0.0: 0.0}),
        rising,
        lambda a: (mul(Num(4.0), _sigmoid_slope(mul(Num(2.0), a))),),
        "tanh",
        "torch.tanh({0})",
        ends=_flattening(0.0, 0.0),
    ),
    "abs": Atom(
        1,
        iv.absolute,
        lambda a: (sign_of(a),),
        lambda a: (sub(apply("gt", a, ZERO), apply("lt", a, ZERO)),),
        "abs",
        "torch.abs({0})",
        ends=(End((0.0,), (0.0,)), *_flattening(-1.0, 1.0)),
    ),
    "min": _extremum_atom(min, "lt", "minimum"),
    "max": _extremum_atom(max, "gt", "maximum"),
    "where": Atom(
        3,
        lambda c, a, b: a if 0.0 not in c else b if c.point else iv.hull((a, b)),
        lambda *_: (UNKNOWN, RISING, RISING),
        lambda c, *_: (ZERO, sub(ONE, apply("eq", c, ZERO)), apply("eq", c, ZERO)),
        "where",
        "torch.where({0} != 0, {1}, {2})",
        ends=(End((0.0, 1.0, 1.0), (0.0, 0.0, 1.0)), End((1.0, 1.0, 1.0), (0.0, 1.0, 0.0))),
    ),
    "stopgrad": Atom(1, lambda a: a, lambda _: (CONSTANT,), lambda _: (ZERO,), "positive", "{0}"),
}
