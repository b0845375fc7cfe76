"""What is checked about a loss: an expression, its parameters, and the interval of its argument."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from alphadsl.ir.domains import Blame, find_domain_fault
from alphadsl.ir.facts import Scope
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import Expr, Function, Loss
from alphadsl.ir.parameter import Parameter
from alphadsl.prove.counterexample import Setting
from alphadsl.prove.search import Effort, bound, shows
from alphadsl.transform.guarded import IMPORTANCES
from alphadsl.transform.scope import scope_of

Scoped = Callable[[Scope], Scope]


@dataclass(frozen=True)
class Subject:
    """What is checked: an expression of a loss, its scope as a function of the parameters' scope, and the expressions
    that its arguments stand for."""

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


def importances(regulariser: Function) -> Scoped:
    return lambda scope: scope.binding(regulariser.argument, IMPORTANCES)
