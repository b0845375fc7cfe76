"""Limits the size of the derived quantities of a loss: a short formula can have long derivatives."""

from alphadsl.ir.derived import Derived
from alphadsl.ir.nodes import Function, Loss, MinPlayer
from alphadsl.ir.traversal import expressions_of, size_of
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.levels import TooManyOperations
from alphadsl.report.source import Span
from alphadsl.report.stated import Stated
from alphadsl.transform.differentiate import differentiate

LARGEST_DERIVED = 8_000


def check_curvature(loss: Loss, stated: Stated) -> list[Diagnostic]:
    """Refuse an R whose second derivative would be too large, before anything is proved about it: functions nested n
    deep make one of about n^3 nodes."""
    if not isinstance(loss.family, MinPlayer):
        return []
    regulariser = loss.family.regulariser
    slope = Function(regulariser.argument, differentiate(regulariser))
    span = getattr(regulariser.body, "span", None) or stated.loss
    large = size_of(differentiate(slope)) > LARGEST_DERIVED
    return [TooManyOperations(span, LARGEST_DERIVED, "alpha is derived from it")] if large else []


def check_extent(derived: Derived, loss: Loss, stated: Stated) -> list[Diagnostic]:
    if derived.size <= LARGEST_DERIVED:
        return []
    return [TooManyOperations(_span(loss, stated), LARGEST_DERIVED, "alpha is derived from it")]


def _span(loss: Loss, stated: Stated) -> Span:
    return getattr(expressions_of(loss.family)[0], "span", None) or stated.loss
