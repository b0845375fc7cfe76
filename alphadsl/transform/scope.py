"""What is known about a loss without the values of its parameters: their declared intervals, and its space."""

from alphadsl.ir.facts import SPACES, Scope
from alphadsl.ir.nodes import Loss


def scope_of(loss: Loss) -> Scope:
    intervals = {parameter.name: parameter.interval for parameter in loss.parameters}
    return Scope(intervals, distances=SPACES[loss.space])
