"""Signs of the derived weights of a general loss: a negative alpha pulls negatives closer, a negative beta pushes
positives apart.

Interval arithmetic proves most losses. For the rest, small random batches are tried, and only a negative value that was
found is reported, as a warning. NumPy is imported only for this.
"""

from alphadsl.ir.facts import infer_interval
from alphadsl.ir.nodes import Expr, General, Loss
from alphadsl.prove.derivation import Derivation
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.general import NegativeAlpha, NegativeBeta
from alphadsl.report.stated import Stated
from alphadsl.transform.scope import scope_of

SLIGHT = 1e-9


def check_signs(derivation: Derivation, stated: Stated) -> list[Diagnostic]:
    loss = derivation.loss
    if not isinstance(loss.family, General):
        return []
    derived, scope = derivation.alpha, scope_of(loss)
    span = getattr(loss.family.value, "span", None) or stated.loss
    warnings: list[Diagnostic] = []
    for warning, weight in ((NegativeAlpha, derived.repel), (NegativeBeta, derived.attract)):
        lowest = None if infer_interval(weight, scope).non_negative else _lowest(weight, loss)
        if lowest:
            warnings.append(warning(span, f"{lowest[0]:.3g}", lowest[1]))
    return warnings


def _lowest(weight: Expr, loss: Loss) -> tuple[float, str] | None:
    """The lowest value on the first batch with a negative one, and where it occurs; None if there is none."""
    from alphadsl.reference.batches import STATES, batch_of
    from alphadsl.reference.evaluate import extremes

    values = {parameter.name: parameter.value for parameter in loss.parameters}
    for state in STATES:
        low, high, place = extremes(weight, batch_of(loss, state, values))
        if low < -SLIGHT * max(abs(low), abs(high)):
            return low, f"{place} of a {state} batch"
    return None
