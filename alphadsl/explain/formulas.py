"""beta and alpha in readable form: with sums written out if they are short, and by name if they are long.

Comes in: a journey loss. Comes out: expressions, from which both text and LaTeX are made. The min player's alpha is
shown as in the paper, as a response to d[i,j]^2 + lambda[i], not as the compiler solves it.
"""

from dataclasses import dataclass

from alphadsl.ir.build import NEGATIVE_D2, add
from alphadsl.ir.derived import Derived
from alphadsl.ir.kinds import Level
from alphadsl.ir.nodes import Expr, MinPlayer, Multiplier, Statistic
from alphadsl.ir.pretty import pretty_expr
from alphadsl.ir.traversal import rewrite, substitute, walk
from alphadsl.journey import Journey
from alphadsl.transform.schedule import schedule

READABLE = 110
LAMBDA = Statistic("lambda", Level.ROW)


@dataclass(frozen=True)
class Formulas:
    """`named` are the statistics used in beta and alpha; `solved` if lambda makes rows sum to 1."""

    beta: Expr
    alpha: Expr
    named: tuple[tuple[Statistic, Expr], ...] = ()
    solved: bool = False


def formulas_of(journey: Journey) -> Formulas:
    derived = journey.alpha
    multiplier = next((part for part in walk(derived.repel) if isinstance(part, Multiplier)), None)
    if multiplier and isinstance(journey.loss.family, MinPlayer):
        response = multiplier.response
        alpha = substitute(response.body, {response.argument: add(NEGATIVE_D2, LAMBDA)})
        return Formulas(derived.attract, alpha, solved=True)
    if all(len(pretty_expr(weight)) <= READABLE for weight in (derived.attract, derived.repel)):
        return Formulas(derived.attract, derived.repel)
    return _named(journey, derived)


def _named(journey: Journey, derived: Derived) -> Formulas:
    """With the names from the schedule for the statistics that the two weights need."""
    core = schedule(journey.loss, derived)
    definitions = {statistic.name: statistic for statistic in core.statistics}
    needed: dict[str, None] = {}
    pending: list[Expr] = [core.derived.repel, core.derived.attract]
    while pending:
        for part in walk(pending.pop()):
            if isinstance(part, Statistic) and part.name not in needed:
                needed[part.name] = None
                pending.append(definitions[part.name].definition)
    named = tuple(
        (Statistic(_lambda_name(name), statistic.level), rewrite(statistic.definition, _lambda))
        for name, statistic in definitions.items()
        if name in needed
    )
    return Formulas(rewrite(core.derived.attract, _lambda), rewrite(core.derived.repel, _lambda), named)


def _lambda(part: Expr) -> Expr:
    return Statistic(_lambda_name(part.name), part.level) if isinstance(part, Statistic) else part


def _lambda_name(name: str) -> str:
    return name.replace("multiplier", "lambda")
