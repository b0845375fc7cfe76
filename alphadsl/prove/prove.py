"""All proofs about a resolved loss: refusals come out, or warnings and the interval of alpha that other losses rely on.

The loss as written is checked first. Its derived quantities are needed only once that is admitted, and come from
outside: every stage works with the same derivation.
"""

from alphadsl.ir.facts import infer_interval
from alphadsl.ir.interval import NON_NEGATIVE, Interval
from alphadsl.ir.nodes import General, Loss
from alphadsl.prove.admit import check_admissible
from alphadsl.prove.derivation import Derivation
from alphadsl.prove.extent import check_curvature, check_extent
from alphadsl.prove.idle import check_idle
from alphadsl.prove.signs import check_signs
from alphadsl.report.diagnostic import Diagnostic, errors_of
from alphadsl.report.stated import Stated
from alphadsl.transform.scope import scope_of


def prove_loss(written: Loss, derivation: Derivation, stated: Stated) -> list[Diagnostic]:
    """The diagnostics of a loss; if none of them is an error, the loss is admitted."""
    if too_long := check_curvature(written, stated):
        return too_long
    if refusals := check_admissible(written):
        return refusals
    if too_long := check_extent(derivation.derived, written, stated):
        return too_long
    idle = check_idle(derivation, stated)
    if errors_of(idle):
        return idle
    return [*idle, *([] if stated.signed else check_signs(derivation, stated))]


def bound_importance(derivation: Derivation) -> Interval:
    """The interval of alpha[i,j] of an admitted loss. For every family except the general one, alpha has been proved
    non-negative, even if the interval of the derived expression does not show it."""
    interval = infer_interval(derivation.alpha.repel, scope_of(derivation.loss))
    proved = not isinstance(derivation.loss.family, General) and not interval.non_negative
    return NON_NEGATIVE if proved else interval
