"""Whether what is derived from a loss stays within bounds: a short formula can have long derivatives, and a short chain
of losses that use each other twice is long once it is followed to its ends."""

from alphadsl.ir.nodes import Expr, Function, Importance, Loss, MinPlayer
from alphadsl.ir.traversal import children, expressions_of, size_of, walk
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.levels import TooManyOperations
from alphadsl.report.source import Span
from alphadsl.transform.differentiate import differentiate
from alphadsl.transform.importance import lower_importance

LARGEST_DERIVED = 8_000
MOST_USES = 32


def check_curvature(loss: Loss, named: Span) -> list[Diagnostic]:
    """Before anything is proved of R: its second derivative has to be worth writing out. Functions nested n deep make
    one of about n^3 nodes."""
    if not isinstance(loss.family, MinPlayer):
        return []
    regulariser = loss.family.regulariser
    slope = Function(regulariser.argument, differentiate(regulariser))
    span = getattr(regulariser.body, "span", None) or named
    large = size_of(differentiate(slope)) > LARGEST_DERIVED
    return [TooManyOperations(span, LARGEST_DERIVED, "alpha is derived from it")] if large else []


def check_extent(loss: Loss, named: Span) -> list[Diagnostic]:
    span = getattr(expressions_of(loss.family)[0], "span", None) or named
    if _uses(loss) > MOST_USES:
        return [TooManyOperations(span, MOST_USES, "they are followed to their ends", "uses of other losses")]
    size = sum(size_of(part) for part in lower_importance(loss).parts)
    return [TooManyOperations(span, LARGEST_DERIVED, "alpha is derived from it")] if size > LARGEST_DERIVED else []


def _uses(loss: Loss) -> int:
    """How often alpha of another loss is asked for, also by those losses, each as often as it is written."""
    uses: dict[Expr, int] = {}
    for expr in expressions_of(loss.family):
        for part in walk(expr):
            own = 1 + _uses(part.of) if isinstance(part, Importance) else 0
            uses[part] = own + sum(uses[child] for child in children(part))
    return sum(uses[expr] for expr in expressions_of(loss.family))
