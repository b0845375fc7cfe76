"""Evaluates expressions of numbers and parameters as floats, such as the value that a parameter is set to."""

import math
from collections.abc import Callable, Mapping

from alphadsl.ir.nodes import Apply, Expr, Num, Param
from alphadsl.ir.rounding import safe_exp, safe_power
from alphadsl.ir.traversal import walk

PLAIN: Mapping[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": safe_power,
    "exp": safe_exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + safe_exp(-a)),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    "min": min,
    "max": max,
    "relu": lambda a: max(a, 0.0),
    "where": lambda condition, a, b: a if condition else b,
    "stopgrad": lambda a: a,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "eq": lambda a, b: float(a == b),
}


def evaluate_number(expr: Expr, parameters: Mapping[str, float] | None = None) -> float:
    """The value for the given `parameters`; NaN if it is undefined or depends on anything else."""
    values: dict[Expr, float] = {}
    for part in walk(expr):
        match part:
            case Num(value):
                values[part] = value
            case Param(name):
                values[part] = (parameters or {}).get(name, math.nan)
            case Apply(op, args) if op in PLAIN:
                values[part] = _applied(op, [values[arg] for arg in args])
            case _:
                values[part] = math.nan
    return values[expr]


def _applied(op: str, args: list[float]) -> float:
    if any(math.isnan(arg) for arg in args):
        return math.nan
    try:
        return float(PLAIN[op](*args))
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
