"""Checks that a loss satisfies the conditions of its family: alpha is never negative, and every value is defined.

phi and psi must be non-decreasing (Tian 2022, Theorem 1), R must be strictly concave, a stated alpha or weight must not
be negative, and no built-in may leave its domain, for all parameters in their intervals and all distances of the space.
A refusal reports what was found on the way: the parameters that matter, those whose interval would settle it, and a
counterexample.
"""

from dataclasses import replace

from alphadsl.ir.atoms import Direction
from alphadsl.ir.build import GAP
from alphadsl.ir.domains import find_domain_fault
from alphadsl.ir.facts import Scope, infer_direction, infer_interval, infer_intervals
from alphadsl.ir.interval import NON_NEGATIVE, Interval, point
from alphadsl.ir.kinds import Space
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
from alphadsl.ir.parameter import Parameter
from alphadsl.ir.pretty import pretty_interval
from alphadsl.ir.traversal import children, occurrences, walk
from alphadsl.prove.counterexample import find_bulge, find_fall, find_outside
from alphadsl.prove.functions import (
    find_guilty,
    is_constant,
    is_nowhere_concave,
    proves_rising,
    proves_strictly_concave,
)
from alphadsl.prove.remedy import all_bounds_of, bounds_of, declarations_of, settling, span_of
from alphadsl.prove.search import Effort, jumps, shows
from alphadsl.prove.subject import Subject, as_given, gaps, importances, sums
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.admissibility import (
    DecreasingPhi,
    DecreasingPsi,
    NegativeImportance,
    NonConcaveRegulariser,
    ZeroImportance,
)
from alphadsl.report.errors.domains import LogDomain, OutsideDomain
from alphadsl.report.errors.general import ConstantLoss
from alphadsl.report.errors.syntax import NumberTooLarge
from alphadsl.transform.guarded import IMPORTANCES, summed
from alphadsl.transform.scope import scope_of

SPACES = {Space.SPHERE: "on the sphere", Space.EUCLIDEAN: "in Euclidean space"}

WHOLE = "an anchor with a single negative gives it alpha = 1, so R and its slope must be finite on all of (0, 1]"


def check_admissible(loss: Loss) -> list[Diagnostic]:
    match loss.family:
        case General(value):
            return _check_value(Subject(value, as_given, loss))
        case Coordinate(phi, psi, weight):
            return _check_coordinate(loss, phi, psi, weight)
        case Direct(alpha) | Proportional(alpha):
            return _check_weight("alpha", Subject(alpha, as_given, loss))
        case MinPlayer(regulariser):
            return _check_regulariser(regulariser, Subject(regulariser.body, importances(regulariser), loss))


def _check_value(subject: Subject) -> list[Diagnostic]:
    """Check that a value is defined everywhere and depends on some distance or similarity."""
    faults = _check_domain(subject)
    return faults or ([] if _moves(subject.expr) else [ConstantLoss(span_of(subject.expr))])


def _moves(value: Expr) -> bool:
    """Whether the value depends on a distance other than through a `stopgrad`."""
    moving: dict[Expr, bool] = {}
    for part in walk(value):
        held = isinstance(part, Apply) and part.op == "stopgrad"
        moving[part] = isinstance(part, Distance) or (not held and any(moving[child] for child in children(part)))
    return moving[value]


def _check_coordinate(loss: Loss, phi: Function, psi: Function, weight: Expr) -> list[Diagnostic]:
    effort = Effort()
    of_psi = Subject(psi.body, gaps(psi), loss, effort, {psi.argument: GAP})
    faults = [
        *_check_rising(DecreasingPsi, "psi", psi, of_psi),
        *_check_weight("weight", Subject(weight, as_given, loss, effort)),
    ]
    if faults:
        return faults
    total = summed(psi, weight)
    return _check_rising(
        DecreasingPhi, "phi", phi, Subject(phi.body, sums(phi, total, effort), loss, effort, {phi.argument: total})
    )


def _check_weight(name: str, subject: Subject) -> list[Diagnostic]:
    faults = _check_domain(subject)
    weight, scope = subject.expr, subject.scope
    interval = infer_interval(weight, scope)
    if faults:
        return faults
    if interval == point(0.0):
        return [ZeroImportance(span_of(weight), name)]
    if subject.shows(weight, scope, NON_NEGATIVE):
        return []
    settled = settling(weight, scope, lambda given: shows(weight, given, NON_NEGATIVE, Effort()))
    example = find_outside(weight, NON_NEGATIVE, scope, subject.setting)
    bounds = bounds_of(weight, subject.parameters)
    declarations = declarations_of(settled, subject.parameters)
    return [
        NegativeImportance(span_of(weight), f"{name}[i,j]", _shown(interval), bounds, settled, example, declarations)
    ]


def _check_regulariser(regulariser: Function, subject: Subject) -> list[Diagnostic]:
    scope = subject.scope
    faults = _check_domain(subject)
    if faults or proves_strictly_concave(regulariser, scope, subject.effort):
        return faults

    def settles(given: Scope) -> bool:
        within = subject.scoped(given)
        return not subject.fault(within) and proves_strictly_concave(regulariser, within)

    settled = settling(regulariser.body, scope_of(subject.loss), settles)
    straight = is_nowhere_concave(regulariser, _at_values(scope, subject.parameters))
    return [
        NonConcaveRegulariser(
            span_of(regulariser),
            regulariser.argument,
            _shown(IMPORTANCES),
            jumps=jumps(regulariser.body),
            bounds=bounds_of(regulariser.body, subject.parameters),
            settled_by=settled,
            declarations=declarations_of(settled, subject.parameters),
            examples=find_bulge(regulariser, scope, subject.setting, straight),
        )
    ]


def _at_values(scope: Scope, parameters: tuple[Parameter, ...]) -> Scope:
    return replace(scope, parameters={parameter.name: point(parameter.value) for parameter in parameters})


def _check_rising(
    fault: type[DecreasingPhi] | type[DecreasingPsi], name: str, function: Function, subject: Subject
) -> list[Diagnostic]:
    faults = _check_domain(subject)
    if faults:
        return faults
    here = subject.scope
    if is_constant(function, here):
        return [ZeroImportance(span_of(function), name, function.argument)]
    if proves_rising(function, here, subject.effort):
        return []
    guilt = find_guilty(function, here)
    guilty = guilt if guilt and guilt.part != function.body else None

    def settles(given: Scope) -> bool:
        within = subject.scoped(given)
        return not subject.fault(within) and proves_rising(function, within)

    settled = settling(function.body, scope_of(subject.loss), settles)
    # Any argument of psi can occur; one of phi is a sum.
    setting = subject.setting if name == "phi" else replace(subject.setting, given={})
    return [
        fault(
            span_of(function),
            function.argument,
            _shown(here.variables[function.argument]),
            space=SPACES[subject.loss.space],
            guilty=span_of(guilty.part) if guilty else None,
            moves=guilty.words if guilty else "",
            throughout=infer_direction(function.body, function.argument, here) == Direction.FALLING,
            jumps=jumps(function.body),
            bounds=all_bounds_of(function.body, subject.parameters),
            settled_by=settled,
            declarations=declarations_of(settled, subject.parameters),
            examples=find_fall(function, here, setting),
        )
    ]


def _check_domain(subject: Subject) -> list[Diagnostic]:
    """Check that the arguments of every built-in lie in its domain, and that every number is finite."""
    here = subject.scope
    too_large = _find_too_large(subject.expr, here)
    if too_large is not None:
        span = span_of(too_large)
        return [NumberTooLarge(span, span.text)]
    blame = subject.fault(here)
    if blame is None:
        return []
    part, domain = blame.expr, blame.domain
    culprit = part.args[domain.argument]

    def settles(given: Scope) -> bool:
        left = find_domain_fault(
            subject.expr, subject.scoped(given), lambda culprit, at, allowed: shows(culprit, at, allowed, Effort())
        )
        return left is None or left.expr is not part

    span, bounds = span_of(culprit, part), bounds_of(culprit, subject.parameters)
    settled = settling(part, scope_of(subject.loss), settles)
    declarations = declarations_of(settled, subject.parameters)
    example = find_outside(culprit, domain.allowed, blame.scope, subject.setting)
    why = WHOLE if isinstance(subject.loss.family, MinPlayer) else ""
    evidence = (span, _shown(blame.interval), bounds, settled, example, declarations, why)
    return [LogDomain(*evidence) if part.op == "log" else OutsideDomain(*evidence, part.op, domain.words)]


def _find_too_large(expr: Expr, scope: Scope) -> Expr | None:
    """The smallest expression of numbers alone whose value overflows float64."""
    intervals = infer_intervals(expr, scope)
    numbers: dict[Expr, bool] = {}
    for part in occurrences(expr):
        below = children(part)
        numbers[part] = isinstance(part, Num) or (bool(below) and all(numbers[child] for child in below))
        if numbers[part] and intervals[part].overflows:
            return part
    return None


def _shown(interval: Interval) -> str:
    """An interval as text, to four digits."""
    low, high = (float(f"{end:.4g}") for end in (interval.low, interval.high))
    return pretty_interval(Interval(low, high, interval.low_open, interval.high_open))
