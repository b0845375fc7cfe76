"""Constant folding, as a person would write a loss: a loss comes in; an equal one comes out."""

import math
from dataclasses import replace

from alphadsl.discover.mutate import rounded
from alphadsl.discover.positions import with_expressions
from alphadsl.ir.arithmetic import evaluate_number
from alphadsl.ir.nodes import Apply, Expr, Loss, Num
from alphadsl.ir.traversal import expressions_of, rewrite

CONDITIONS = frozenset({"lt", "le", "gt", "ge", "eq"})


def fold(loss: Loss) -> Loss:
    """The loss with 2 for 1 + 1; a result that needs more than three digits is left as it was written."""
    folded = tuple(rewrite(body, _fold) for body in expressions_of(loss.family))
    return replace(loss, family=with_expressions(loss.family, folded))


def _fold(expr: Expr) -> Expr:
    match expr:
        case Apply(op) if op not in CONDITIONS:
            return _short(evaluate_number(expr)) or expr
        case _:
            return expr


def _short(value: float) -> Expr | None:
    """A number as it is written, with a minus sign in front if it is negative; None if it is not short."""
    if not math.isfinite(value) or rounded(value) != value:
        return None
    return Num(value + 0.0) if value >= 0 else Apply("neg", (Num(-value),))
