"""Random formulas over the table of built-ins, and their values by plain arithmetic that knows nothing of the table."""

import math
from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from alphadsl.ir.interval import Interval
from alphadsl.ir.nodes import Apply, Expr, Num, Param, Var

OPERATIONS: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "eq": lambda a, b: float(a == b),
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "relu": lambda a: a if a > 0 else 0.0,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "softplus": lambda a: math.log(1 + math.exp(a)),
    "tanh": math.tanh,
    "abs": abs,
    "min": min,
    "max": max,
    "where": lambda condition, a, b: a if condition else b,
    "stopgrad": lambda a: a,
}
ARITY = {
    name: 3 if name == "where" else function.__code__.co_argcount
    for name, function in OPERATIONS.items()
    if hasattr(function, "__code__")
} | dict.fromkeys(("exp", "log", "sqrt", "tanh", "abs"), 1)
ARITY |= {"min": 2, "max": 2}
LARGEST = 1e9
FLAT = {"exp": 30.0, "sigmoid": 15.0, "softplus": 15.0, "tanh": 8.0}  # beyond, floats reach limits that numbers do not

NUMBERS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, -1.0, -0.5])
LEAVES = st.one_of(st.just(Var("x")), st.just(Param("p")), NUMBERS.map(Num))


class Undefined(ValueError):
    """No value there, or none that floats are a fair witness of."""


def formulas(depth: int) -> st.SearchStrategy[Expr]:
    if depth == 0:
        return LEAVES
    return st.one_of(LEAVES, st.sampled_from(sorted(OPERATIONS)).flatmap(lambda op: applied(op, depth - 1)))


def applied(op: str, depth: int) -> st.SearchStrategy[Expr]:
    """The operation, on arguments of some depth."""
    arguments = st.tuples(*[formulas(depth)] * ARITY[op])
    return arguments.map(lambda args: Apply(op, args))


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, high = sorted((draw(st.sampled_from(ENDS)), draw(st.sampled_from(ENDS))))
    if low == high:
        return Interval(low, high)
    return Interval(low, high, draw(st.booleans()), draw(st.booleans()))


ENDS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)


@st.composite
def members(draw: st.DrawFn, interval: Interval) -> float:
    """A value of an interval, its closed ends often."""
    ends = [end for end in (interval.low, interval.high) if end in interval]
    inside = st.floats(0.01, 0.99).map(lambda share: interval.low + share * (interval.high - interval.low))
    return draw(st.one_of(st.sampled_from(ends), inside) if ends else inside)


def value_of(expr: Expr, names: Mapping[str, float]) -> tuple[float, float]:
    """The value, and the largest number met on the way to it; raises `Undefined`."""
    match expr:
        case Num(value):
            return value, abs(value)
        case Var(name) | Param(name):
            return names[name], abs(names[name])
        case Apply(op, args):
            parts = [value_of(arg, names) for arg in args]
            values = [value for value, _ in parts]
            if abs(values[0]) > FLAT.get(op, math.inf):
                raise Undefined
            try:
                found = OPERATIONS[op](*values)
            except (ValueError, ZeroDivisionError, OverflowError):
                raise Undefined from None
            if isinstance(found, complex) or not abs(found) < LARGEST:
                raise Undefined
            return found, max(abs(found), *(reach for _, reach in parts))
        case _:
            raise AssertionError(expr)
