"""The computation on one tile of pairs: its part is added to statistics, and its inner products become the weights of a
push.

A tile has anchors along its rows. If candidates are themselves anchors, it also has anchors along its columns and
serves both, so that every inner product is formed only once. Legend: R rows, C columns of a tile, P points (embeddings
or rows of a queue), D embedding width.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

Tensors = tuple[Tensor, ...]
Sweep = Callable[..., Tensors]
Measure = Callable[[Tensor, "Side", "Side"], Tensors]


class Side(NamedTuple):
    """The points along one side of a tile: their ids (P, 1), half squared lengths (P, 1; empty on the sphere), what a
    pass knows about them as anchors, and the state of their statistics so far (P, 1, one or two tensors per
    statistic)."""

    ids_P1: Tensor
    half_P1: Tensor
    known: Tensors
    carried: Tensors

    def apart(self) -> "Side":
        """The same in tensors of its own, since a tile with one object for both sides would be compiled separately."""
        known, carried = (tuple(tensor.clone() for tensor in part) for part in (self.known, self.carried))
        return Side(self.ids_P1.clone(), self.half_P1.clone(), known, carried)


class Joined(NamedTuple):
    """The state of the statistics after a tile, of anchors along rows and columns, and in Euclidean space how far the
    points of either side are pushed along themselves, (R, 1) and (C, 1)."""

    of_rows: Tensors
    of_columns: Tensors = ()
    along: Tensors = ()


def on_sphere(s_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """Cosines, clamped to [-1, 1]."""
    return (s_RC.clamp(-1, 1),)


def in_space(s_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """Inner products and half squared distances."""
    return s_RC, (rows.half_P1 + columns.half_P1.mT - s_RC).clamp_min(0)


def near_sphere(minus_d2_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """s - 1; the tile holds it instead of inner products."""
    return (minus_d2_RC,)


def near_space(minus_d2_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """Inner products, computed from half squared distances and lengths, and those distances."""
    return rows.half_P1 + columns.half_P1.mT + minus_d2_RC, -minus_d2_RC


def sweep_rows(sweep: Sweep, measure: Measure, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Tensors:
    """The state of the anchors along the rows after the tile, then its weights if the pass pushes."""
    negative_RC = rows.ids_P1 != columns.ids_P1.mT
    return sweep(*rows.known, *fixed, *measure(s_RC, rows, columns), negative_RC, *rows.carried)


def sweep_columns(sweep: Sweep, measure: Measure, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Tensors:
    """The same for the anchors along the columns; their weights are (C, R)."""
    negative_RC = rows.ids_P1 != columns.ids_P1.mT
    quantities = (quantity_RC.mT for quantity_RC in measure(s_RC, rows, columns))
    return sweep(*columns.known, *fixed, *quantities, negative_RC.mT, *columns.carried)


def carry_rows(sweep: Sweep, measure: Measure, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    return Joined(sweep_rows(sweep, measure, s_RC, rows, columns, fixed)[: len(rows.carried)])


def carry_both(sweep: Sweep, measure: Measure, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    split = len(rows.carried)
    of_rows = sweep_rows(sweep, measure, s_RC, rows, columns, fixed)[:split]
    return Joined(of_rows, sweep_columns(sweep, measure, s_RC, rows, columns, fixed)[:split])


def push_rows(sweep: Sweep, measure: Measure, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    """The weights of the pushes overwrite the inner products."""
    swept = sweep_rows(sweep, measure, s_RC, rows, columns, fixed)
    split = len(rows.carried)
    return Joined(swept[:split], (), _pushed(s_RC, swept[split:]))


def push_both(sweep: Sweep, measure: Measure, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    """A pair is pushed by the sum of the weights that its two anchors give each other."""
    of_rows = sweep_rows(sweep, measure, s_RC, rows, columns, fixed)
    of_columns = sweep_columns(sweep, measure, s_RC, rows, columns, fixed)
    split = len(rows.carried)
    weights = tuple(a_RC + b_CR.mT for a_RC, b_CR in zip(of_rows[split:], of_columns[split:], strict=True))
    return Joined(of_rows[:split], of_columns[:split], _pushed(s_RC, weights))


def _pushed(s_RC: Tensor, weights: Tensors) -> Tensors:
    """The weights overwrite the tile. If there are two, the second moves points along themselves, and its sums over
    columns and rows are returned."""
    push_RC, *radial = weights
    along = tuple(part for w_RC in radial for part in (w_RC.sum(-1, keepdim=True), w_RC.sum(-2)[:, None]))
    s_RC.copy_(push_RC)
    return along
