"""Whether a loss keeps the promises of the family: alpha is never negative, and everything is defined everywhere.

phi and psi must rise (Theorem 1), R must be strictly concave, a stated alpha or weight must not be negative, and no
built-in may leave its domain, for all parameters in their intervals and all distances on the sphere.
"""

from alphadsl.check.prove import find_fall, find_guilty, proves_rising, proves_strictly_concave
from alphadsl.ir.build import GAP, mul, total
from alphadsl.ir.facts import SPHERE, Blame, Scope, find_domain_fault, infer_interval
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import Coordinate, Direct, Expr, Function, Loss, MinPlayer, Proportional
from alphadsl.ir.pretty import pretty_interval
from alphadsl.ir.traversal import substitute
from alphadsl.report.catalogue.admissibility import (
    DecreasingPhi,
    DecreasingPsi,
    LogDomain,
    NegativeImportance,
    NonConcaveRegulariser,
    OutsideDomain,
)
from alphadsl.report.diagnostic import Diagnostic, Label
from alphadsl.report.source import Span

IMPORTANCES = Interval(0.0, 1.0, low_open=True)


def check_admissible(loss: Loss) -> list[Diagnostic]:
    scope = Scope({parameter.name: parameter.interval for parameter in loss.parameters})
    match loss.family:
        case Coordinate(phi, psi, weight):
            return _check_coordinate(loss, scope, phi, psi, weight)
        case Direct(alpha) | Proportional(alpha):
            return _check_weight("alpha", alpha, scope)
        case MinPlayer(regulariser):
            return _check_regulariser(loss, scope.binding(regulariser.argument, IMPORTANCES), regulariser)


def _check_coordinate(loss: Loss, scope: Scope, phi: Function, psi: Function, weight: Expr) -> list[Diagnostic]:
    gaps = scope.binding(psi.argument, SPHERE[Quantity.GAP])
    faults = [
        *(_check_domain(psi.body, gaps) or _check_rising(DecreasingPsi, psi, gaps, loss)),
        *_check_weight("weight", weight, scope),
    ]
    if faults:
        return faults
    summed = infer_interval(total(mul(weight, substitute(psi.body, {psi.argument: GAP}))), scope)
    sums = scope.binding(phi.argument, summed)
    return _check_domain(phi.body, sums) or _check_rising(DecreasingPhi, phi, sums, loss)


def _check_weight(name: str, weight: Expr, scope: Scope) -> list[Diagnostic]:
    faults = _check_domain(weight, scope)
    interval = infer_interval(weight, scope)
    if faults or interval.non_negative:
        return faults
    return [NegativeImportance(_span(weight), f"{name}[i,j]", pretty_interval(interval))]


def _check_regulariser(loss: Loss, scope: Scope, regulariser: Function) -> list[Diagnostic]:
    faults = _check_domain(regulariser.body, scope)
    if faults or proves_strictly_concave(regulariser, scope):
        return faults
    return [_not_proven(NonConcaveRegulariser, regulariser, scope, "not shown to be strictly concave", (), "")]


def _check_rising(
    fault: type[DecreasingPhi] | type[DecreasingPsi], function: Function, scope: Scope, loss: Loss
) -> list[Diagnostic]:
    if proves_rising(function, scope):
        return []
    guilty, fall = find_guilty(function, scope), find_fall(function, scope, loss.parameters)
    argument = function.argument
    labels = () if guilty is None or guilty == function.body else (Label(_span(guilty), f"may fall in {argument}"),)
    if fall is None:
        verdict = f"not shown to increase in {argument}"
        return [_not_proven(fault, function, scope, verdict, labels, "")]
    values = "".join(f", {name} = {value:.3g}" for name, value in fall.parameters.items())
    witness = (
        f"; it falls from {fall.value_low:.3g} at {argument} = {fall.low:.3g} "
        f"to {fall.value_high:.3g} at {argument} = {fall.high:.3g}{values}"
    )
    return [_not_proven(fault, function, scope, f"decreases in {argument}", labels, witness)]


def _not_proven(
    fault: type[DecreasingPhi] | type[DecreasingPsi] | type[NonConcaveRegulariser],
    function: Function,
    scope: Scope,
    verdict: str,
    labels: tuple[Label, ...],
    witness: str,
) -> Diagnostic:
    domain = pretty_interval(scope.variables[function.argument])
    return fault(_span(function), function.argument, function.argument, domain, verdict, labels, witness)


def _check_domain(expr: Expr, scope: Scope) -> list[Diagnostic]:
    match find_domain_fault(expr, scope):
        case None:
            return []
        case Blame(part, found, domain):
            culprit = part.args[domain.argument]
            span, interval = _span(culprit, part), pretty_interval(found)
            if part.op == "log":
                edge = "0" if found.non_negative else "negative"
                return [LogDomain(span, edge, interval)]
            return [OutsideDomain(span, domain.words, interval)]
        case _:
            raise AssertionError("unreachable")


def _span(*nodes: Expr | Function) -> Span:
    """The place of the first of these that was written by the author."""
    spans = (getattr(node, "span", None) for node in nodes)
    found: Span = next(span for span in spans if span is not None)
    return found
