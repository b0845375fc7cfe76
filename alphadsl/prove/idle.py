"""Checks that a loss and its parameters have an effect. This is decided on the derived weights, so only what is
identically 0 or absent is reported.

A loss whose alpha and beta are both 0 has no gradient; a learned parameter with derivative 0 stays at its start; a
parameter that occurs in no weight and no value has no effect.
"""

from collections.abc import Iterator

from alphadsl.ir.build import ZERO
from alphadsl.ir.derived import Derived
from alphadsl.ir.nodes import Expr, Inverse, Multiplier, Param
from alphadsl.ir.traversal import parameters_in, walk
from alphadsl.prove.derivation import Derivation
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.general import FlatLoss, IdleLearned
from alphadsl.report.errors.names import UnusedParam
from alphadsl.report.stated import Stated

LARGEST = 2_000


def check_idle(derivation: Derivation, stated: Stated) -> list[Diagnostic]:
    """Refusals, or if there are none, a warning for each of the loss's own parameters that cancels. Nothing is checked
    if simplifying would take seconds."""
    if derivation.derived.size > LARGEST:
        return []
    loss, derived = derivation.loss, derivation.alpha
    weights = (derived.attract, derived.repel, *(derived.radial or ()))
    if all(weight == ZERO for weight in weights):
        return [FlatLoss(stated.loss)]
    written = set(parameters_in(loss.family))
    spans = {parameter.name: stated.parameters.get(parameter.name, stated.loss) for parameter in loss.parameters}
    still = {name for name, slope in derived.slopes if slope == ZERO and name in written}
    if still:
        return [IdleLearned(spans[name], name) for name in spans if name in still]
    idle = stated.own & written - set(_parameters_of(derived))
    return [UnusedParam(spans[name], name, cancels=True) for name in stated.parameters if name in idle]


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
