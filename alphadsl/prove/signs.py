"""Signs of what is derived from a whole loss: where alpha would pull negatives in, or beta push positives apart.

Interval arithmetic proves most losses; what it leaves open is tried on small random batches, and only a number that was
found is told, as a warning. NumPy is imported for that alone.
"""

from alphadsl.ir.facts import infer_interval
from alphadsl.ir.nodes import Expr, General, Loss
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.general import NegativeAlpha, NegativeBeta
from alphadsl.report.source import Span
from alphadsl.transform.importance import lower_importance
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import simplify

SLIGHT = 1e-9


def check_signs(loss: Loss, named: Span) -> list[Diagnostic]:
    if not isinstance(loss.family, General):
        return []
    scope = scope_of(loss)
    derived = simplify(lower_importance(loss), scope)
    span = getattr(loss.family.value, "span", None) or named
    faults: list[Diagnostic] = []
    for fault, weight in ((NegativeAlpha, derived.repel), (NegativeBeta, derived.attract)):
        if not infer_interval(weight, scope).non_negative:
            found = _lowest(weight, loss)
            faults += [fault(span, f"{found[0]:.3g}", found[1])] if found else []
    return faults


def _lowest(weight: Expr, loss: Loss) -> tuple[float, str] | None:
    """The most negative value on some batch, and where it was."""
    from alphadsl.reference.batches import STATES, batch_of
    from alphadsl.reference.evaluate import extremes

    values = {each.name: each.value for each in loss.parameters}
    for state in STATES:
        low, high, place = extremes(weight, batch_of(loss, state, values))
        if low < -SLIGHT * max(abs(low), abs(high)):
            return low, f"{place} of a {state} batch"
    return None
