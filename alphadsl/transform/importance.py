"""Lowers every family to the same three expressions: the value of an anchor, and its weights beta and alpha.

Coordinate and general: alpha and beta are derivatives of the loss with respect to its distances (Tian 2022, Theorem 1).
Direct, proportional and min player: alpha is given by the author or the min player, and held fixed unless the author
asks for the gradient through it.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from alphadsl.ir.build import GAP, ZERO, apply, mul, share, total
from alphadsl.ir.derived import Derived
from alphadsl.ir.kinds import AlphaGradient, Over, Space
from alphadsl.ir.nodes import (
    Apply,
    Coordinate,
    Direct,
    Distance,
    Expr,
    Function,
    General,
    Importance,
    Inverse,
    Loss,
    MinPlayer,
    Multiplier,
    Num,
    Param,
    Proportional,
    Reduce,
)
from alphadsl.ir.parameter import Learned
from alphadsl.ir.traversal import rewrite, substitute, walk
from alphadsl.transform.canonical import Product, as_product, from_product
from alphadsl.transform.differentiate import differentiate_anchors
from alphadsl.transform.guarded import protect_loss
from alphadsl.transform.player import lower_min_player
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import Simplifier


class Lowered(NamedTuple):
    """A loss that is safe in both branches of every `where`, and its derived quantities."""

    loss: Loss
    derived: Derived


def lower_loss(loss: Loss) -> Lowered:
    safe = protect_loss(loss)
    return Lowered(safe, lower_importance(safe))


def lower_importance(loss: Loss) -> Derived:
    """The value and weights of a loss. The value is simplified before it is differentiated, so that d^p becomes
    (d^2)^(p/2), which is smooth where d is not."""
    return _lower(loss, {})


def _lower(loss: Loss, others: dict[Loss, Expr]) -> Derived:
    """`others` collects alpha[i,j] of the losses used so far, so that each is derived only once."""
    learned = tuple(parameter.name for parameter in loss.parameters if isinstance(parameter.role, Learned))
    value = Simplifier(scope_of(loss))(_anchor_value(loss, others))
    moves = differentiate_anchors(value, learned)
    radial = moves.radial if loss.space == Space.EUCLIDEAN else None
    derived = Derived(
        value, moves.attract, moves.repel, radial, tuple(moves.parameters.items()), _holds_fixed(value, learned)
    )
    return derived.map(_without_stops)


def _holds_fixed(value: Expr, learned: Collection[str]) -> bool:
    """Whether a loss treats something that varies as fixed: its weights are then not the gradient of a scalar, and it
    has no well-defined Hessian. The alpha of a min player, found numerically, counts as fixed."""

    def moves(part: Expr) -> bool:
        return isinstance(part, Distance) or (isinstance(part, Param) and part.name in learned)

    def held(part: Expr) -> bool:
        match part:
            case Multiplier() | Inverse():
                return True
            case Apply("stopgrad", (fixed,)):
                return any(moves(inner) for inner in walk(fixed))
            case _:
                return False

    return any(held(part) for part in walk(value))


def anchor_value(loss: Loss) -> Expr:
    """What the loss minimises at one anchor, in distances and parameters only."""
    return _anchor_value(loss, {})


def _anchor_value(loss: Loss, others: dict[Loss, Expr]) -> Expr:
    return rewrite(_written(loss), lambda part: _other_importance(part, loss, others))


def _written(loss: Loss) -> Expr:
    match loss.family:
        case Coordinate(phi, psi, weight):
            return call(phi, total(mul(weight, call(psi, GAP))))
        case Direct(alpha):
            return _energy(loss, _as_share(alpha, Simplifier(scope_of(loss))))
        case Proportional(alpha):
            return _energy(loss, share(alpha, total(alpha)))
        case MinPlayer() as player:
            return _energy(loss, lower_min_player(loss, player))
        case General(value):
            return value


def _other_importance(part: Expr, loss: Loss, others: dict[Loss, Expr]) -> Expr:
    """alpha[i,j] of another loss, derived and held fixed."""
    match part:
        case Importance(of):
            if of not in others:
                others[of] = _lower(replace(of, parameters=loss.parameters), others).repel
            return apply("stopgrad", others[of])
        case _:
            return part


def call(function: Function, argument: Expr) -> Expr:
    return substitute(function.body, {function.argument: argument})


def _as_share(alpha: Expr, simplified: Simplifier) -> Expr:
    """Recognise f / sum_j(f) as a share of its row, the same as if the author had written it with `~`."""
    product = as_product(simplified(alpha), simplified)
    for whole, power in product.powers.items():
        match whole, power:
            case Reduce(Over.SUM, body), Num(-1.0):
                part = as_product(body, simplified)
                if part.exponential == product.exponential and part.powers.items() <= product.powers.items():
                    taken = {whole, *part.powers}
                    rest = {base: exponent for base, exponent in product.powers.items() if base not in taken}
                    return mul(from_product(Product(product.coefficient, rest, ZERO)), share(body, whole))
            case _:
                pass
    return alpha


def _without_stops(expr: Expr) -> Expr:
    """The expression without `stopgrad`, which has no effect once the weights are derived."""

    def rule(part: Expr) -> Expr:
        match part:
            case Apply("stopgrad", (held,)):
                return held
            case _:
                return part

    return rewrite(expr, rule)


def _energy(loss: Loss, alpha: Expr) -> Expr:
    held = apply("stopgrad", alpha) if loss.alpha_gradient == AlphaGradient.STOPPED else alpha
    return total(mul(held, GAP))
