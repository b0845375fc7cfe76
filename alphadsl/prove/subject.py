"""What is judged of a loss: an expression, for which parameters, and where its argument lies."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from alphadsl.ir.build import GAP, mul, total
from alphadsl.ir.domains import Blame, find_domain_fault
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import Coordinate, Direct, Expr, Function, General, Loss, MinPlayer, Num, Proportional
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.traversal import substitute
from alphadsl.prove.counterexample import Setting
from alphadsl.prove.guarded import protected
from alphadsl.prove.search import Effort, bound, shows
from alphadsl.transform.scope import scope_of

IMPORTANCES = Interval(0.0, 1.0, low_open=True)
Scoped = Callable[[Scope], Scope]


@dataclass(frozen=True)
class Subject:
    """What is judged: an expression of a loss, in which scope for given parameters, and what its argument is."""

    expr: Expr
    scoped: Scoped
    loss: Loss
    effort: Effort = field(default_factory=Effort)
    given: dict[str, Expr] = field(default_factory=dict)

    @cached_property
    def scope(self) -> Scope:
        return self.scoped(scope_of(self.loss))

    @property
    def setting(self) -> Setting:
        return Setting(self.loss.parameters, self.loss.space, self.given)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.loss.parameters

    def fault(self, scope: Scope) -> Blame | None:
        return find_domain_fault(self.expr, scope, self.shows)

    def shows(self, expr: Expr, scope: Scope, allowed: Interval) -> bool:
        return shows(expr, scope, allowed, self.effort)


def as_given(scope: Scope) -> Scope:
    return scope


def gaps(psi: Function) -> Scoped:
    return lambda scope: scope.binding(psi.argument, scope.distances[Quantity.GAP])


def sums(phi: Function, summed: Expr, effort: Effort) -> Scoped:
    return lambda scope: scope.binding(phi.argument, bound(summed, scope, effort))


def summed(psi: Function, weight: Expr) -> Expr:
    lost = substitute(psi.body, {psi.argument: GAP})
    return total(lost if weight == Num(1.0) else mul(weight, lost))


def importances(regulariser: Function) -> Scoped:
    return lambda scope: scope.binding(regulariser.argument, IMPORTANCES)


def protect_loss(loss: Loss) -> Loss:
    """An admitted loss, with what a `where` alone keeps inside its domain made safe in both branches."""
    scope = scope_of(loss)

    def made(function: Function, scoped: Scoped) -> Function:
        return replace(function, body=protected(function.body, scoped(scope)))

    match loss.family:
        case General(value):
            return replace(loss, family=General(protected(value, scope)))
        case Coordinate(phi, psi, weight):
            sums = scope.binding(phi.argument, infer_interval(summed(psi, weight), scope))
            safe = replace(phi, body=protected(phi.body, sums))
            family = Coordinate(safe, made(psi, gaps(psi)), protected(weight, scope))
            return replace(loss, family=family)
        case Direct(alpha):
            return replace(loss, family=Direct(protected(alpha, scope)))
        case Proportional(alpha):
            return replace(loss, family=Proportional(protected(alpha, scope)))
        case MinPlayer(regulariser):
            return replace(loss, family=MinPlayer(made(regulariser, importances(regulariser))))
