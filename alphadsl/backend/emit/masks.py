"""Products with a factor made of comparisons: the slope of a clipped expression, or of a choice between two.

Where such a mask is 0 the other factors do not matter, and may be infinite: an exponential that has overflowed on the
side that was not chosen.
"""

from functools import reduce

from alphadsl.ir.build import ONE, div, mul, neg
from alphadsl.ir.kinds import Level
from alphadsl.ir.nodes import Apply, Expr, Num
from alphadsl.ir.traversal import level_of

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq"})


def split_mask(product: Expr) -> tuple[Expr, Expr] | None:
    """The mask and the other factors of a product, or None unless it has both and the others vary with the anchor."""
    masks, rest = _split(product)
    return (reduce(mul, masks), rest) if masks and level_of(rest) >= Level.ROW else None


def _split(expr: Expr) -> tuple[list[Expr], Expr]:
    match expr:
        case Apply("mul", (a, b)):
            (of_a, left), (of_b, right) = _split(a), _split(b)
            return of_a + of_b, right if left == ONE else left if right == ONE else mul(left, right)
        case Apply("div", (a, b)):
            masks, rest = _split(a)
            return masks, div(rest, b)
        case Apply("neg", (a,)):
            masks, rest = _split(a)
            return masks, neg(rest)
        case _:
            return ([expr], ONE) if _compares(expr) else ([], expr)


def _compares(expr: Expr) -> bool:
    """Whether an expression is a sum or product of comparisons and numbers."""
    match expr:
        case Apply(op) if op in COMPARISONS:
            return True
        case Apply("add" | "mul" as op, (a, b)):
            parts = [part for part in (a, b) if not isinstance(part, Num)]
            return bool(parts) and all(map(_compares, parts))
        case Apply("neg", (a,)) | Apply("share", (a, _)):
            return _compares(a)
        case _:
            return False
