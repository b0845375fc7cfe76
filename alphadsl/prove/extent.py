"""Whether what is derived from a loss stays within bounds: a short formula can have long derivatives, and a short chain
of losses that use each other twice is long once it is followed to its ends."""

from alphadsl.ir.derived import Derived
from alphadsl.ir.nodes import Expr, Function, Importance, Loss, MinPlayer
from alphadsl.ir.traversal import children, expressions_of, size_of, walk
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.levels import TooManyOperations
from alphadsl.report.source import Span
from alphadsl.report.stated import Stated
from alphadsl.transform.differentiate import differentiate

LARGEST_DERIVED = 8_000
MOST_USES = 32


def check_curvature(loss: Loss, stated: Stated) -> list[Diagnostic]:
    """Before anything is proved of R: its second derivative has to be worth writing out. Functions nested n deep make
    one of about n^3 nodes."""
    if not isinstance(loss.family, MinPlayer):
        return []
    regulariser = loss.family.regulariser
    slope = Function(regulariser.argument, differentiate(regulariser))
    span = getattr(regulariser.body, "span", None) or stated.loss
    large = size_of(differentiate(slope)) > LARGEST_DERIVED
    return [TooManyOperations(span, LARGEST_DERIVED, "alpha is derived from it")] if large else []


def check_uses(loss: Loss, stated: Stated) -> list[Diagnostic]:
    if _uses(loss) <= MOST_USES:
        return []
    return [
        TooManyOperations(_span(loss, stated), MOST_USES, "they are followed to their ends", "uses of other losses")
    ]


def check_extent(derived: Derived, loss: Loss, stated: Stated) -> list[Diagnostic]:
    if derived.size <= LARGEST_DERIVED:
        return []
    return [TooManyOperations(_span(loss, stated), LARGEST_DERIVED, "alpha is derived from it")]


def _span(loss: Loss, stated: Stated) -> Span:
    return getattr(expressions_of(loss.family)[0], "span", None) or stated.loss


def _uses(loss: Loss) -> int:
    """How often alpha of another loss is asked for, also by those losses, each as often as it is written."""
    uses: dict[Expr, int] = {}
    for expr in expressions_of(loss.family):
        for part in walk(expr):
            own = 1 + _uses(part.of) if isinstance(part, Importance) else 0
            uses[part] = own + sum(uses[child] for child in children(part))
    return sum(uses[expr] for expr in expressions_of(loss.family))
