"""Whether a loss keeps the promises of the family: alpha is never negative, and everything is defined everywhere.

phi and psi must rise (Theorem 1), R must be strictly concave, a stated alpha or weight must not be negative, and no
built-in may leave its domain, for all parameters in their intervals and all distances on the sphere. A refusal comes
with what was found out on the way: the parameters that matter, those whose interval would settle it, an example.
"""

import math
from collections.abc import Callable

from alphadsl.check.counterexample import find_bulge, find_fall, find_outside
from alphadsl.check.prove import (
    find_guilty,
    is_constant,
    jumps,
    proves_rising,
    proves_strictly_concave,
)
from alphadsl.check.remedy import all_bounds_of, bounds_of, settling, span_of
from alphadsl.ir.atoms import Direction
from alphadsl.ir.build import GAP, mul, total
from alphadsl.ir.facts import Blame, Scope, find_domain_fault, infer_direction, infer_interval, infer_intervals
from alphadsl.ir.interval import NON_NEGATIVE, Interval, point
from alphadsl.ir.kinds import Quantity
from alphadsl.ir.nodes import (
    Apply,
    Coordinate,
    Direct,
    Distance,
    Expr,
    Function,
    General,
    Loss,
    MinPlayer,
    Num,
    Proportional,
)
from alphadsl.ir.pretty import pretty_interval
from alphadsl.ir.traversal import children, substitute, walk
from alphadsl.report.catalogue.admissibility import (
    DecreasingPhi,
    DecreasingPsi,
    NegativeImportance,
    NonConcaveRegulariser,
    ZeroImportance,
)
from alphadsl.report.catalogue.domains import LogDomain, OutsideDomain
from alphadsl.report.catalogue.general import ConstantLoss
from alphadsl.report.catalogue.syntax import NumberTooLarge
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.transform.scope import scope_of

IMPORTANCES = Interval(0.0, 1.0, low_open=True)
Scoped = Callable[[Scope], Scope]


def check_admissible(loss: Loss) -> list[Diagnostic]:
    scope = scope_of(loss)
    match loss.family:
        case General(value):
            return _check_value(loss, value, scope)
        case Coordinate(phi, psi, weight):
            return _check_coordinate(loss, scope, phi, psi, weight)
        case Direct(alpha) | Proportional(alpha):
            return _check_weight(loss, "alpha", alpha, scope)
        case MinPlayer(regulariser):
            return _check_regulariser(loss, scope, regulariser)


def _check_value(loss: Loss, value: Expr, scope: Scope) -> list[Diagnostic]:
    """Defined everywhere, and moved by some distance or similarity."""
    faults = _check_domain(loss, value, lambda given: given, scope)
    return faults or ([] if _moves(value) else [ConstantLoss(span_of(value))])


def _moves(value: Expr) -> bool:
    """Whether a distance reaches the value other than through a stopgrad."""
    moving: dict[Expr, bool] = {}
    for part in walk(value):
        held = isinstance(part, Apply) and part.op == "stopgrad"
        moving[part] = isinstance(part, Distance) or (not held and any(moving[child] for child in children(part)))
    return moving[value]


def _check_coordinate(loss: Loss, scope: Scope, phi: Function, psi: Function, weight: Expr) -> list[Diagnostic]:
    def gaps(given: Scope) -> Scope:
        return given.binding(psi.argument, scope.distances[Quantity.GAP])

    def sums(given: Scope) -> Scope:
        summed = total(mul(weight, substitute(psi.body, {psi.argument: GAP})))
        return given.binding(phi.argument, infer_interval(summed, given))

    faults = [
        *_check_rising(DecreasingPsi, "psi", psi, gaps, scope, loss),
        *_check_weight(loss, "weight", weight, scope),
    ]
    return faults or _check_rising(DecreasingPhi, "phi", phi, sums, scope, loss)


def _check_weight(loss: Loss, name: str, weight: Expr, scope: Scope) -> list[Diagnostic]:
    faults = _check_domain(loss, weight, lambda given: given, scope)
    interval = infer_interval(weight, scope)
    if faults:
        return faults
    if interval == point(0.0):
        return [ZeroImportance(span_of(weight), name)]
    if interval.non_negative:
        return []
    settled = settling(weight, scope, lambda given: infer_interval(weight, given).non_negative)
    bounds = bounds_of(weight, loss.parameters)
    example = find_outside(weight, NON_NEGATIVE, scope, loss.parameters)
    shown = _shown(interval)
    return [NegativeImportance(span_of(weight), f"{name}[i,j]", shown, bounds, settled, example)]


def _check_regulariser(loss: Loss, scope: Scope, regulariser: Function) -> list[Diagnostic]:
    def within(given: Scope) -> Scope:
        return given.binding(regulariser.argument, IMPORTANCES)

    faults = _check_domain(loss, regulariser.body, within, scope)
    if faults or proves_strictly_concave(regulariser, within(scope)):
        return faults
    examples = find_bulge(regulariser, within(scope), loss.parameters)

    def settles(given: Scope) -> bool:
        return not _faulty(regulariser.body, within(given)) and proves_strictly_concave(regulariser, within(given))

    return [
        NonConcaveRegulariser(
            span_of(regulariser),
            regulariser.argument,
            _shown(IMPORTANCES),
            jumps=jumps(regulariser.body),
            bounds=bounds_of(regulariser.body, loss.parameters),
            settled_by=settling(regulariser.body, scope, settles),
            examples=examples,
        )
    ]


def _check_rising(
    fault: type[DecreasingPhi] | type[DecreasingPsi],
    name: str,
    function: Function,
    scoped: Scoped,
    scope: Scope,
    loss: Loss,
) -> list[Diagnostic]:
    here = scoped(scope)
    faults = _check_domain(loss, function.body, scoped, scope)
    if faults:
        return faults
    if is_constant(function, here):
        return [ZeroImportance(span_of(function), name, function.argument)]
    if proves_rising(function, here):
        return []
    guilty = find_guilty(function, here)

    def settles(given: Scope) -> bool:
        return not _faulty(function.body, scoped(given)) and proves_rising(function, scoped(given))

    return [
        fault(
            span_of(function),
            function.argument,
            _shown(here.variables[function.argument]),
            guilty=span_of(guilty[0]) if guilty and guilty[0] != function.body else None,
            falls=bool(guilty and guilty[1]),
            throughout=infer_direction(function.body, function.argument, here) == Direction.FALLING,
            jumps=jumps(function.body),
            bounds=all_bounds_of(function.body, loss.parameters),
            settled_by=settling(function.body, scope, settles),
            examples=find_fall(function, here, loss.parameters),
        )
    ]


def _check_domain(loss: Loss, expr: Expr, scoped: Scoped, scope: Scope) -> list[Diagnostic]:
    """Whether every built-in is given what it is defined for, and every number is finite."""
    here = scoped(scope)
    too_large = _find_too_large(expr, here)
    if too_large is not None:
        span = span_of(too_large)
        return [NumberTooLarge(span, span.text)]
    blame = find_domain_fault(expr, here)
    if blame is None:
        return []
    part, found, domain = blame.expr, blame.found, blame.domain
    culprit = part.args[domain.argument]

    def settles(given: Scope) -> bool:
        return not _faulty(part, scoped(given))

    span, bounds = span_of(culprit, part), bounds_of(culprit, loss.parameters)
    settled = settling(part, scope, settles)
    example = find_outside(culprit, domain.allowed, here, loss.parameters)
    if part.op == "log":
        return [LogDomain(span, _shown(found), bounds, settled, example)]
    return [OutsideDomain(span, _shown(found), bounds, settled, example, part.op, domain.words)]


def _faulty(expr: Expr, scope: Scope) -> Blame | None:
    return find_domain_fault(expr, scope)


def _find_too_large(expr: Expr, scope: Scope) -> Expr | None:
    """The smallest computation on numbers alone that no float64 can hold."""
    intervals = infer_intervals(expr, scope)
    numbers: dict[Expr, bool] = {}
    for part in walk(expr):
        below = children(part)
        numbers[part] = isinstance(part, Num) or (bool(below) and all(numbers[child] for child in below))
        if numbers[part] and math.isinf(intervals[part].low) and intervals[part].point:
            return part
    return None


def _shown(interval: Interval) -> str:
    """An interval in prose, to four digits."""
    low, high = (float(f"{end:.4g}") for end in (interval.low, interval.high))
    return pretty_interval(Interval(low, high, interval.low_open, interval.high_open))
