"""What is known of a loss's parameters: their declared intervals, whatever their values are at the moment."""

from alphadsl.ir.facts import Scope
from alphadsl.ir.nodes import Loss


def scope_of(loss: Loss) -> Scope:
    return Scope({parameter.name: parameter.interval for parameter in loss.parameters})
