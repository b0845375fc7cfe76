"""Whether what a loss says acts: proved on its derived weights, so only what is identically 0 or absent is told.

A loss whose alpha and beta are both 0 moves nothing; a learned parameter of slope 0 stays where it started; a parameter
that is left in no weight and no value was written in vain.
"""

from collections.abc import Iterable, Iterator, Mapping

from alphadsl.ir.build import ZERO
from alphadsl.ir.core import Derived
from alphadsl.ir.nodes import Expr, Inverse, Loss, Multiplier, Param
from alphadsl.ir.traversal import parameters_in, size_of, walk
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.general import FlatLoss, IdleLearned
from alphadsl.report.errors.names import UnusedParam
from alphadsl.report.source import Span
from alphadsl.transform.importance import lower_importance
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import simplify

LARGEST = 2_000


def check_idle(loss: Loss, place: Span, declared: Mapping[str, Span], own: Iterable[str]) -> list[Diagnostic]:
    """Refusals; where there are none, a warning for each of the loss's `own` parameters that cancels. `declared` is
    where parameters are named, `place` where the loss is. Nothing where simplifying would take seconds."""
    lowered = lower_importance(loss)
    if sum(size_of(part) for part in lowered.parts) > LARGEST:
        return []
    derived = simplify(lowered, scope_of(loss))
    weights = (derived.attract, derived.repel, *(derived.stretch or ()))
    if all(weight == ZERO for weight in weights):
        return [FlatLoss(place)]
    written = set(parameters_in(loss.family))
    spans = {each.name: declared.get(each.name, place) for each in loss.parameters}
    still = {name for name, slope in derived.slopes if slope == ZERO and name in written}
    if still:
        return [IdleLearned(spans[name], name) for name in spans if name in still]
    acting = set(_parameters_of(derived))
    return [UnusedParam(spans[name], name, cancels=True) for name in own if name in written - acting]


def _parameters_of(derived: Derived) -> Iterator[str]:
    pending: list[Expr] = list(derived.parts)
    while pending:
        for part in walk(pending.pop()):
            match part:
                case Param(name):
                    yield name
                case Inverse(slope, curvature) | Multiplier(_, slope, curvature):
                    pending += [slope.body, curvature.body]
                case _:
                    pass
