"""A value that simplification made independent of the batch (that of FlatNCE is 1) comes in; one that is NaN if the
batch contains NaN comes out.

A loss may be defined by its gradient alone, `exp(v - stopgrad(v))`. Its value then depends on no distance, and a NaN
among the embeddings, which spoils the gradient, would not show in the value that a trainer logs and checks.
`carry(value, witness)` is the value, or NaN if the witness is NaN. The witness is a reduction that the weights need
anyway, if there is one.
"""

from collections.abc import Iterator
from dataclasses import replace

from alphadsl.ir.build import NEGATIVE_D2, POSITIVE_D2, ZERO, apply
from alphadsl.ir.derived import Derived
from alphadsl.ir.kinds import Over, Quantity
from alphadsl.ir.nodes import Distance, Expr, Reduce
from alphadsl.ir.traversal import walk


def carry_batch(derived: Derived) -> Derived:
    """The quantities of a loss, with a value that also carries the distances that only its weights depend on."""
    value = derived.value
    if derived.repel != ZERO and not _mentions(value, Quantity.NEGATIVE):
        value = apply("carry", value, _witness(derived))
    if derived.attract != ZERO and not _mentions(value, Quantity.POSITIVE):
        value = apply("carry", value, POSITIVE_D2)
    return derived if value is derived.value else replace(derived, value=value)


def _witness(derived: Derived) -> Expr:
    reductions: Iterator[Expr] = (
        part
        for weight in (derived.repel, derived.attract)
        for part in walk(weight)
        if isinstance(part, Reduce) and _mentions(part, Quantity.NEGATIVE)
    )
    return next(reductions, Reduce(Over.SUM, NEGATIVE_D2))


def _mentions(expr: Expr, quantity: Quantity) -> bool:
    return any(isinstance(part, Distance) and part.of in (quantity, Quantity.GAP) for part in walk(expr))
