"""What is done to one tile of pairs: statistics joined, and its inner products turned into the weights of a push.

A tile has anchors along its rows, and where candidates are anchors themselves, along its columns as well: then it
serves both, and with the pairs on either side of the diagonal every inner product is formed once. Legend: R rows, C
columns of a tile, P points (embeddings or rows of a queue), D embedding width.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

Tensors = tuple[Tensor, ...]
Sweep = Callable[..., Tensors]
Place = Callable[[Tensor, "Side", "Side"], Tensors]


class Side(NamedTuple):
    """The points along one side of a tile: their ids (P, 1), half squared lengths (P, 1; empty on the sphere), what a
    pass knows of them as anchors and what it has carried so far (P, 1 or 2 each)."""

    ids_P1: Tensor
    half_P1: Tensor
    known: Tensors
    carried: Tensors

    def apart(self) -> "Side":
        """The same in tensors of its own: a tile whose sides are one object would be compiled for apart."""
        known, carried = (tuple(tensor.clone() for tensor in part) for part in (self.known, self.carried))
        return Side(self.ids_P1.clone(), self.half_P1.clone(), known, carried)


class Joined(NamedTuple):
    """What anchors along rows and columns carry after a tile, and in Euclidean space how much the points of either
    side are pushed along themselves, (R, 1) and (C, 1)."""

    of_rows: Tensors
    of_columns: Tensors = ()
    along: Tensors = ()


def on_sphere(s_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """Cosines; none is beyond [-1, 1]."""
    return (s_RC.clamp(-1, 1),)


def in_space(s_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """Inner products and half squared distances."""
    return s_RC, (rows.half_P1 + columns.half_P1.mT - s_RC).clamp_min(0)


def near_sphere(minus_d2_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """s - 1, for which the inner products of a tile have been left out."""
    return (minus_d2_RC,)


def near_space(minus_d2_RC: Tensor, rows: Side, columns: Side) -> Tensors:
    """Inner products and half squared distances, the one from the other and from lengths."""
    return rows.half_P1 + columns.half_P1.mT + minus_d2_RC, -minus_d2_RC


def sweep_rows(sweep: Sweep, place: Place, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Tensors:
    """What the anchors along the rows carry after the tile, then its weights if the pass pushes."""
    negative_RC = rows.ids_P1 != columns.ids_P1.mT
    return sweep(*rows.known, *fixed, *place(s_RC, rows, columns), negative_RC, *rows.carried)


def sweep_columns(sweep: Sweep, place: Place, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Tensors:
    """The same for the anchors along the columns; their weights are (C, R)."""
    negative_RC = rows.ids_P1 != columns.ids_P1.mT
    quantities = (quantity_RC.mT for quantity_RC in place(s_RC, rows, columns))
    return sweep(*columns.known, *fixed, *quantities, negative_RC.mT, *columns.carried)


def carry_rows(sweep: Sweep, place: Place, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    return Joined(sweep_rows(sweep, place, s_RC, rows, columns, fixed)[: len(rows.carried)])


def carry_both(sweep: Sweep, place: Place, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    split = len(rows.carried)
    of_rows = sweep_rows(sweep, place, s_RC, rows, columns, fixed)[:split]
    return Joined(of_rows, sweep_columns(sweep, place, s_RC, rows, columns, fixed)[:split])


def push_rows(sweep: Sweep, place: Place, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    """The weights of the pushes take the place of the inner products."""
    swept = sweep_rows(sweep, place, s_RC, rows, columns, fixed)
    split = len(rows.carried)
    return Joined(swept[:split], (), _pushed(s_RC, swept[split:]))


def push_both(sweep: Sweep, place: Place, s_RC: Tensor, rows: Side, columns: Side, fixed: Tensors) -> Joined:
    """A pair is pushed by the weights that its two anchors give each other."""
    of_rows = sweep_rows(sweep, place, s_RC, rows, columns, fixed)
    of_columns = sweep_columns(sweep, place, s_RC, rows, columns, fixed)
    split = len(rows.carried)
    weights = tuple(a_RC + b_CR.mT for a_RC, b_CR in zip(of_rows[split:], of_columns[split:], strict=True))
    return Joined(of_rows[:split], of_columns[:split], _pushed(s_RC, weights))


def _pushed(s_RC: Tensor, weights: Tensors) -> Tensors:
    """The last of the weights, if there are two, are those by which points are moved along themselves."""
    push_RC, *radial = weights
    along = tuple(part for w_RC in radial for part in (w_RC.sum(-1, keepdim=True), w_RC.sum(-2)[:, None]))
    s_RC.copy_(push_RC)
    return along
