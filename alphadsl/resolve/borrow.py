"""What a loss takes over from another, admitted loss: its value at an anchor, written in the parameters of the user."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from alphadsl.ir.build import NEGATIVE_D2, ONE, POSITIVE_D2, apply, div, mul, sub, total
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import AlphaGradient
from alphadsl.ir.nodes import (
    Coordinate,
    Direct,
    Expr,
    Function,
    General,
    Importance,
    Loss,
    MinPlayer,
    Num,
    Param,
    Proportional,
)
from alphadsl.ir.traversal import rewrite, substitute

APART = sub(POSITIVE_D2, NEGATIVE_D2)
# Smaller than any relevant row sum; its square is still representable in float32.
NOTHING = Num(2.0**-60)


def value_of(loss: Loss, importance_of: Callable[[Loss], Importance], scope: Scope) -> Expr:
    """What a loss minimises at an anchor, as an expression that an author could have written."""
    match loss.family, loss.alpha_gradient:
        case General(value), _:
            return value
        case Coordinate(phi, psi, weight), _:
            lost = substitute(psi.body, {psi.argument: APART})
            summed = total(lost if weight == ONE else mul(weight, lost))
            return substitute(phi.body, {phi.argument: summed})
        case Direct(alpha), AlphaGradient.THROUGH:
            return total(mul(alpha, APART))
        case Proportional(alpha), AlphaGradient.THROUGH:
            return total(mul(_shared(alpha, scope), APART))
        case _:
            return total(mul(importance_of(loss), APART))


def _shared(alpha: Expr, scope: Scope) -> Expr:
    """alpha with rows normalised to sum to one; a row of zeros stays zero."""
    whole = total(alpha)
    return div(alpha, whole if infer_interval(whole, scope).positive else apply("max", whole, NOTHING))


def with_parameters(loss: Loss, bindings: Mapping[str, Expr]) -> Loss:
    """The loss with its parameters replaced by expressions, also in the losses that it uses."""

    def rule(part: Expr) -> Expr:
        match part:
            case Param(name) if name in bindings:
                return bindings[name]
            case _:
                return part

    return rewrite_loss(loss, rule)


def rewrite_loss(loss: Loss, leaf: Callable[[Expr], Expr]) -> Loss:
    """The loss with a rule applied to every part, also in the losses that it uses."""

    def rule(part: Expr) -> Expr:
        match part:
            case Importance(of, interval):
                return Importance(rewrite_loss(of, leaf), interval, span=part.span)
            case _:
                return leaf(part)

    def function(of: Function) -> Function:
        return Function(of.argument, rewrite(of.body, rule), span=of.span)

    match loss.family:
        case Coordinate(phi, psi, weight):
            return replace(loss, family=Coordinate(function(phi), function(psi), rewrite(weight, rule)))
        case Direct(alpha):
            return replace(loss, family=Direct(rewrite(alpha, rule)))
        case Proportional(alpha):
            return replace(loss, family=Proportional(rewrite(alpha, rule)))
        case MinPlayer(regulariser):
            return replace(loss, family=MinPlayer(function(regulariser)))
        case General(value):
            return replace(loss, family=General(rewrite(value, rule)))
