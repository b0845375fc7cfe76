"""Makes built-ins safe that only a condition keeps inside their domain, for when the condition fails.

`where(s[i,j] > 0, sqrt(s[i,j]), 0)` never uses the root of a negative number, but arithmetic on whole rows computes
both branches, and the derivative there would be NaN. So an argument outside the domain is replaced by one inside. The
test is on the computed argument itself, so that rounding cannot make a difference.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.build import GAP, ONE, ZERO, apply, mul, total
from alphadsl.ir.domains import applications, is_within
from alphadsl.ir.facts import Scope, infer_interval, infer_intervals
from alphadsl.ir.interval import NEGATIVE, NON_NEGATIVE, Interval
from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import Apply, Coordinate, Direct, Expr, Function, General, Loss, MinPlayer, Num, Proportional
from alphadsl.ir.traversal import children, occurrences, rebuild, substitute, walk
from alphadsl.transform.scope import scope_of

IMPORTANCES = Interval(0.0, 1.0, low_open=True)


def protect_loss(loss: Loss) -> Loss:
    """The loss, with every built-in that only a `where` keeps inside its domain made safe in both branches."""
    scope = scope_of(loss)

    def made(function: Function, argument: Interval) -> Function:
        return replace(function, body=protected(function.body, scope.binding(function.argument, argument)))

    match loss.family:
        case General(value):
            return replace(loss, family=General(protected(value, scope)))
        case Coordinate(phi, psi, weight):
            safe_phi = made(phi, infer_interval(summed(psi, weight), scope))
            safe_psi = made(psi, scope.distances[Quantity.GAP])
            return replace(loss, family=Coordinate(safe_phi, safe_psi, protected(weight, scope)))
        case Direct(alpha):
            return replace(loss, family=Direct(protected(alpha, scope)))
        case Proportional(alpha):
            return replace(loss, family=Proportional(protected(alpha, scope)))
        case MinPlayer(regulariser):
            return replace(loss, family=MinPlayer(made(regulariser, IMPORTANCES)))


def summed(psi: Function, weight: Expr) -> Expr:
    """The argument of phi."""
    lost = substitute(psi.body, {psi.argument: GAP})
    return total(lost if weight == ONE else mul(weight, lost))


def protected(expr: Expr, scope: Scope) -> Expr:
    """An expression with the same values that is defined in both branches of every `where`."""
    if not any(isinstance(part, Apply) and part.op == "where" for part in walk(expr)):
        return expr
    unsafe = {id(part): (index, allowed) for part, index, allowed in _unsafe(expr, scope)}
    done: dict[int, Expr] = {}
    for part in occurrences(expr):
        made = rebuild(part, tuple(done[id(child)] for child in children(part)))
        done[id(part)] = _kept_inside(made, *unsafe[id(part)]) if id(part) in unsafe else made
    return done[id(expr)]


def _unsafe(expr: Expr, scope: Scope) -> Iterator[tuple[Apply, int, Interval]]:
    """Applications that only a condition keeps inside their domain, with the position of the argument and its allowed
    interval."""
    anywhere: Mapping[Expr, Interval] = infer_intervals(expr, scope)
    for part, interval, context in applications(expr, scope):
        domain = ATOMS[part.op].domain(*interval) if context.guards else None
        if domain and not is_within(anywhere[part.args[domain.argument]], domain.allowed):
            yield part, domain.argument, domain.allowed


def _kept_inside(part: Expr, index: int, allowed: Interval) -> Expr:
    assert isinstance(part, Apply)
    argument = part.args[index]
    op, instead = ("lt", Num(-1.0)) if allowed == NEGATIVE else ("ge" if allowed == NON_NEGATIVE else "gt", ONE)
    safe = apply("where", apply(op, argument, ZERO), argument, instead)
    return Apply(part.op, (*part.args[:index], safe, *part.args[index + 1 :]), span=part.span)
