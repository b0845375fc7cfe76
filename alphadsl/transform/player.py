"""The min player: alpha = argmin over the simplex of sum_j alpha_j d_ij^2 - R(alpha), row by row, as an expression.

At the optimum R'(alpha_ij) = d[i,j]^2 + lambda_i wherever alpha_ij > 0, so alpha is the inverse of the decreasing slope
R' at the price d[i,j]^2 + lambda_i, where lambda_i is the multiplier. If the slope can be inverted symbolically and the
response is an exponential of the price, the multiplier is a row sum (entropy: softmax); if the response is linear, it
is found by sorting (square: simplex projection); otherwise by root finding. A slope without a symbolic inverse is
inverted numerically.
Prices are relative to the nearest negative, as a softmax is to its maximum: the multiplier lies in [R'(1), R'(1/n)].
"""

from collections.abc import Iterator
from dataclasses import replace

from alphadsl.ir.atoms import Direction
from alphadsl.ir.build import (
    COUNT,
    NEGATIVE_D2,
    ONE,
    ZERO,
    add,
    apply,
    div,
    exp,
    log,
    mul,
    neg,
    power,
    share,
    sub,
    total,
)
from alphadsl.ir.domains import find_domain_fault
from alphadsl.ir.facts import Scope, infer_direction, infer_interval
from alphadsl.ir.interval import INFINITY, Interval, point
from alphadsl.ir.kinds import Method, Over
from alphadsl.ir.nodes import Apply, Expr, Function, Inverse, Loss, MinPlayer, Multiplier, Num, Reduce, Var
from alphadsl.ir.traversal import mentions, substitute
from alphadsl.transform.canonical import Product, as_product, as_terms, from_product, from_terms
from alphadsl.transform.differentiate import differentiate
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import Simplifier

PRICE = "price"


def lower_min_player(loss: Loss, player: MinPlayer) -> Expr:
    """alpha[i,j] of the min player."""
    argument = player.regulariser.argument
    scope = scope_of(loss).binding(argument, Interval(0.0, 1.0, low_open=True))
    simplified = Simplifier(scope)
    slope = simplified(differentiate(Function(argument, simplified(player.regulariser.body))))
    slope = _moving(slope, argument, simplified)
    curvature = simplified(differentiate(Function(argument, slope)))
    response = invert(slope, argument, Var(PRICE))
    if response is None:
        target = Var(PRICE)
        numeric = Inverse(Function(argument, slope), Function(argument, curvature), target)
        return _at_multiplier(Method.ROOT, numeric, argument, slope, curvature, simplified)
    response = simplified(response)
    rate = simplified(div(differentiate(Function(PRICE, response)), response))
    if not mentions(rate, PRICE):
        weight = exp(mul(rate, NEGATIVE_D2))
        return share(weight, total(weight))
    linear = not mentions(simplified(differentiate(Function(PRICE, response))), PRICE)
    prices = scope.binding(PRICE, replace(infer_interval(slope, scope), high=INFINITY, high_open=True))
    clipped = _clipped(loss, response, argument, slope, prices)
    return _at_multiplier(Method.PROJECTION if linear else Method.ROOT, clipped, argument, slope, curvature, simplified)


def invert(expr: Expr, argument: str, value: Expr) -> Expr | None:
    """The argument at which the expression takes a value; None if it cannot be isolated one operation at a time."""
    match expr:
        case Var(name) if name == argument:
            return value
        case Apply("neg", (a,)):
            return invert(a, argument, neg(value))
        case Apply("exp", (a,)):
            return invert(a, argument, log(value))
        case Apply("log", (a,)):
            return invert(a, argument, exp(value))
        case Apply("add", (a, b)) if not mentions(b, argument):
            return invert(a, argument, sub(value, b))
        case Apply("add", (a, b)) if not mentions(a, argument):
            return invert(b, argument, sub(value, a))
        case Apply("mul", (a, b)) if not mentions(b, argument):
            return invert(a, argument, div(value, b))
        case Apply("mul", (a, b)) if not mentions(a, argument):
            return invert(b, argument, div(value, a))
        case Apply("div", (a, b)) if not mentions(b, argument):
            return invert(a, argument, mul(value, b))
        case Apply("div", (a, b)) if not mentions(a, argument):
            return invert(b, argument, div(a, value))
        case Apply("pow", (a, b)) if not mentions(b, argument):
            return invert(a, argument, power(value, div(ONE, b)))
        case _:
            return None


def _moving(slope: Expr, argument: str, simplified: Simplifier) -> Expr:
    """The slope without its constant terms: a linear term of R is constant on the simplex, and a price that includes it
    would have no digits left for a small alpha."""
    product = as_product(slope, simplified)
    mentioned = [factor for factor in product.powers.items() if any(mentions(part, argument) for part in factor)]
    match mentioned:
        case [(base, Num(1.0))] if not mentions(product.exponential, argument):
            terms = as_terms(base, simplified)
            moving = from_terms({term: scale for term, scale in terms.items() if mentions(term, argument)})
            rest = {factor: exponent for factor, exponent in product.powers.items() if factor != base}
            return simplified(mul(from_product(Product(product.coefficient, rest, product.exponential)), moving))
        case _:
            return slope


def _at_multiplier(
    method: Method, response: Expr, argument: str, slope: Expr, curvature: Expr, simplified: Simplifier
) -> Expr:
    """The response to the relative cost plus the multiplier that makes the row sum to one."""
    cost = sub(NEGATIVE_D2, Reduce(Over.MIN, NEGATIVE_D2))
    low = simplified(substitute(slope, {argument: ONE}))
    high = simplified(substitute(slope, {argument: div(ONE, COUNT)}))
    bought = Function(PRICE, simplified(response))
    multiplier = Multiplier(method, bought, Function(argument, curvature), cost, low, high)
    alpha = substitute(response, {PRICE: add(cost, multiplier)})
    return div(alpha, total(alpha))


def _clipped(loss: Loss, response: Expr, argument: str, slope: Expr, prices: Scope) -> Expr:
    """If the slope is finite at 0, alpha is 0 at higher prices: the response is clipped, or not evaluated there."""
    at_zero = (infer_interval(slope, Scope(values, {argument: point(0.0)})) for values in _representative(loss))
    if all(interval.high == INFINITY for interval in at_zero):
        return response
    falls = infer_direction(response, PRICE, prices) == Direction.FALLING
    if falls and find_domain_fault(response, prices) is None:
        return apply("relu", response)
    affordable = apply("lt", Var(PRICE), substitute(slope, {argument: ZERO}))
    return apply("where", affordable, apply("relu", response), ZERO)


def _representative(loss: Loss) -> Iterator[dict[str, Interval]]:
    """The parameters at their values, then with each in turn at the ends and inside of its interval, since they may be
    changed."""
    values = {parameter.name: point(parameter.value) for parameter in loss.parameters}
    yield values
    for parameter in loss.parameters:
        low, high = max(parameter.interval.low, parameter.value - 1), min(parameter.interval.high, parameter.value + 1)
        for value in (low, (low + high) / 2, high):
            if value in parameter.interval:
                yield {**values, parameter.name: point(value)}
