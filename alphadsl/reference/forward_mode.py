"""Expressions evaluated at one anchor in float64, with their derivatives: the arithmetic of the oracle.

Forward accumulation with dual numbers: every value carries its derivatives with respect to the anchor's `slots`. These
are its distances, then (in Euclidean space) its inner products, the learned parameters and the reductions over the
batch. Legend: C negatives of the anchor, T slots; a row is (), a pair (C,), a derivative (..., T).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.kinds import Over, Quantity
from alphadsl.ir.nodes import Anchors, Apply, Count, Distance, Expr, Function, Importance, Num, Param, Pool, Reduce, Var
from alphadsl.reference.functions import numpy_function

Array = NDArray[np.float64]
SLOTTED = (Quantity.POSITIVE, Quantity.NEGATIVE, Quantity.INNER_POSITIVE, Quantity.INNER_NEGATIVE)


@dataclass(frozen=True)
class Dual:
    """A value, () for a row or (C,) for a pair, and its derivatives (..., T)."""

    value: Array
    tangent: Array


@dataclass(frozen=True)
class Anchor:
    """The inputs at one anchor: () for its positive and (C,) for its negatives, the parameters and which of them are
    learned, the reductions over the batch so far, and the importances (C,) of other losses."""

    quantities: Mapping[Quantity, Array]
    anchors: float
    parameters: Mapping[str, float]
    learned: tuple[str, ...]
    pools: Mapping[Pool, float]
    importances: Mapping[Importance, Array]
    bound: Mapping[str, Dual]

    @cached_property
    def slots(self) -> dict[Quantity | str | Pool, slice]:
        """The positions of the derivatives with respect to each quantity, learned parameter and reduction."""
        sizes: dict[Quantity | str | Pool, int] = {of: self.quantities[of].size for of in SLOTTED}
        sizes |= dict.fromkeys([*self.learned, *self.pools], 1)
        ends = np.cumsum([0, *sizes.values()])
        return {of: slice(ends[index], ends[index + 1]) for index, of in enumerate(sizes)}

    @property
    def count(self) -> int:
        return self.quantities[Quantity.NEGATIVE].size

    @property
    def width(self) -> int:
        return sum(place.stop - place.start for place in self.slots.values())


def evaluate(expr: Expr, anchor: Anchor) -> Dual:
    match expr:
        case Num(value):
            return constant(np.asarray(value), anchor)
        case Param(name):
            parameter = constant(np.asarray(anchor.parameters[name]), anchor)
            return moving(parameter, anchor, name) if name in anchor.learned else parameter
        case Var(name):
            return anchor.bound[name]
        case Distance(of):
            return distance_of(anchor, of)
        case Count():
            return constant(np.asarray(float(anchor.count)), anchor)
        case Anchors():
            return constant(np.asarray(anchor.anchors), anchor)
        case Pool():
            return moving(constant(np.asarray(anchor.pools[expr]), anchor), anchor, expr)
        case Importance():
            return constant(anchor.importances[expr], anchor)
        case Apply("stopgrad", (held,)):
            return constant(evaluate(held, anchor).value, anchor)
        case Apply("log", (Apply("add", (a, b)),)):
            return log_of_sum(evaluate(a, anchor), evaluate(b, anchor))
        case Apply(op, args):
            return apply(op, tuple(evaluate(arg, anchor) for arg in args))
        case Reduce(over, body):
            return reduce_over(over, evaluate(body, anchor), anchor)
        case _:
            raise AssertionError(f"not in a definition: {expr.kind}")


def call(function: Function, argument: Dual, anchor: Anchor) -> Dual:
    return evaluate(function.body, replace(anchor, bound={**anchor.bound, function.argument: argument}))


def constant(value: Array, anchor: Anchor) -> Dual:
    return Dual(value, np.zeros((*np.shape(value), anchor.width)))


def moving(value: Dual, anchor: Anchor, slot: str | Pool) -> Dual:
    """A value that is itself one of the slots."""
    tangent = value.tangent.copy()
    tangent[..., anchor.slots[slot]] = 1.0
    return Dual(value.value, tangent)


def distance_of(anchor: Anchor, of: Quantity) -> Dual:
    if of == Quantity.GAP:
        positive, negative = (distance_of(anchor, quantity) for quantity in (Quantity.POSITIVE, Quantity.NEGATIVE))
        return Dual(positive.value - negative.value, positive.tangent - negative.tangent)
    value = anchor.quantities[of]
    basis = np.eye(anchor.width)[anchor.slots[of]]
    return Dual(value, basis if value.ndim else basis[0])


@cache
def _partials(op: str) -> tuple[Expr, ...]:
    return ATOMS[op].partials(*(Var(str(index)) for index in range(ATOMS[op].arity)))


def apply(op: str, args: tuple[Dual, ...]) -> Dual:
    """The chain rule. An argument with zero derivative contributes nothing, whatever its partial; nor does one whose
    partial is 0, whatever its derivative."""
    values = tuple(arg.value for arg in args)
    value = numpy_function(ATOMS[op].numpy)(*_booleans(op, values))
    tangent = np.zeros((*np.shape(value), args[0].tangent.shape[-1]))
    for partial, arg in zip(_partials(op) if op != "pow" else _power_partials(args), args, strict=True):
        if np.any(arg.tangent):
            with np.errstate(divide="ignore"):
                rate = np.asarray(_plain(partial, {str(index): value for index, value in enumerate(values)}))[..., None]
            counts = (rate != 0) & (arg.tangent != 0)
            tangent = tangent + np.where(counts, rate, 0.0) * np.where(counts, arg.tangent, 0.0)
    return Dual(np.asarray(value, dtype=np.float64), tangent)


def _power_partials(args: tuple[Dual, ...]) -> tuple[Expr, ...]:
    """An integer or large exponent is differentiated as such: x^2 has a derivative at negative x."""
    exponent = args[1]
    moves = np.any(exponent.tangent) or np.ndim(exponent.value) > 0
    return _partials_of_power(None if moves else float(exponent.value))


@cache
def _partials_of_power(exponent: float | None) -> tuple[Expr, ...]:
    return ATOMS["pow"].partials(Var("0"), Var("1") if exponent is None else Num(exponent))


def _plain(expr: Expr, bound: Mapping[str, Array]) -> Array:
    """The value of an expression that contains only variables."""
    match expr:
        case Num(value):
            return np.asarray(value)
        case Var(name):
            return bound[name]
        case Apply(op, args):
            values = tuple(_plain(arg, bound) for arg in args)
            return numpy_function(ATOMS[op].numpy)(*_booleans(op, values))
        case _:
            raise AssertionError(f"not in a derivative: {expr.kind}")


def log_of_sum(a: Dual, b: Dual) -> Dual:
    """log(a + b), keeping the digits of an argument far below the other."""
    whole = apply("log", (apply("add", (a, b)),))
    less, more = np.minimum(a.value, b.value), np.maximum(a.value, b.value)
    both = less > 0
    less, more = np.where(both, less, 0.0), np.where(both, more, 1.0)
    return replace(whole, value=np.where(both, np.log(more) + np.log1p(less / more), whole.value))


def _booleans(op: str, values: tuple[Array, ...]) -> tuple[Array, ...]:
    return (values[0] != 0, *values[1:]) if op == "where" else values


def reduce_over(over: Over, body: Dual, anchor: Anchor) -> Dual:
    value = np.broadcast_to(body.value, (anchor.count,))
    tangent = np.broadcast_to(body.tangent, (anchor.count, anchor.width))
    match over:
        case Over.SUM:
            return Dual(value.sum(), tangent.sum(0))
        case Over.MEAN:
            return Dual(value.mean(), tangent.mean(0))
        case Over.LOGSUMEXP:
            whole = np.logaddexp.reduce(value)
            return Dual(whole, np.exp(value - whole) @ tangent)
        case Over.MAX | Over.MIN:
            best = value.max() if over == Over.MAX else value.min()
            attained = (value == best) | np.isnan(value)
            return Dual(best, tangent[attained].mean(0))
