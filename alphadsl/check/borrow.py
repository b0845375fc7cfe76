"""What is taken from a checked loss into another one: its value at an anchor, written in other parameters."""

from collections.abc import Mapping
from dataclasses import replace

from alphadsl.ir.build import NEGATIVE_D2, ONE, POSITIVE_D2, mul, share, sub, total
from alphadsl.ir.interval import Interval
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
    Param,
    Proportional,
)
from alphadsl.ir.traversal import rewrite, substitute

APART = sub(POSITIVE_D2, NEGATIVE_D2)


def value_of(loss: Loss, interval: Interval) -> Expr:
    """What a loss minimises at an anchor, as an expression of the language."""
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
            return total(mul(share(alpha, total(alpha)), APART))
        case _:
            return total(mul(Importance(loss, interval), APART))


def with_parameters(loss: Loss, bindings: Mapping[str, Expr]) -> Loss:
    """The loss with expressions in the place of its parameters, also in the losses that it uses."""

    def rule(part: Expr) -> Expr:
        match part:
            case Param(name) if name in bindings:
                return bindings[name]
            case Importance(of, interval):
                return Importance(with_parameters(of, bindings), interval, span=part.span)
            case _:
                return part

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
