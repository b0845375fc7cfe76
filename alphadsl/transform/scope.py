"""What is known of a loss before any number is: its parameters' declared intervals, and its space."""

from alphadsl.ir.facts import SPACES, Scope
from alphadsl.ir.nodes import Loss


def scope_of(loss: Loss) -> Scope:
    intervals = {parameter.name: parameter.interval for parameter in loss.parameters}
    return Scope(intervals, distances=SPACES[loss.space])
