"""All that is proved of a resolved loss: refusals, or warnings and the fact that other losses build on.

What was written is judged first. What is derived from it is asked for only once that is admitted, and comes from
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
    """What is wrong with a loss; if there is no error among it, the loss is admitted."""
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
    """Where alpha[i,j] of an admitted loss lies. That it is never negative was proved on the way for every family but
    the general one, also where the intervals of what is derived do not show it."""
    interval = infer_interval(derivation.alpha.repel, scope_of(derivation.loss))
    proved = not isinstance(derivation.loss.family, General) and not interval.non_negative
    return NON_NEGATIVE if proved else interval
