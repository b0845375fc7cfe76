"""What holds for a loss whatever the embeddings, and how that is known: proved, by construction, or observed on
batches.

Comes in: a journey loss. Comes out: `Fact`s in the order of the page. What no proof covers is checked on random
batches, and the fact says so; a counterexample found there is reported with its numbers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from alphadsl.explain.order import infer_order, uses_products
from alphadsl.explain.words import FAMILIES, SPACES
from alphadsl.ir.atoms import Direction
from alphadsl.ir.build import ONE, total
from alphadsl.ir.core import Core
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.interval import point
from alphadsl.ir.kinds import AlphaGradient, Level, Positives, Quantity, Streaming
from alphadsl.ir.nodes import Coordinate, Direct, Expr, General, Loss, MinPlayer, Proportional
from alphadsl.ir.pretty import pretty_expr
from alphadsl.ir.traversal import level_of
from alphadsl.journey import Journey
from alphadsl.reference.evaluate import Array
from alphadsl.reference.probe_batch import STATES, ProbeBatch, probe_batch
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import Simplifier

SEEDS = (0, 1)
SLIGHT, BALANCED = 1e-9, 1e-6
PROVED, HERE = "proved", "proved at these values of the parameters"
ORDERS = {
    Direction.FALLING: "weigh more: alpha[i,j] falls as d[i,j] grows",
    Direction.RISING: "weigh less: alpha[i,j] rises as d[i,j] grows",
    Direction.CONSTANT: "weigh what far ones weigh: alpha is the same all along a row",
}

ORDERS_BY_PRODUCT = ORDERS | {
    Direction.FALLING: "weigh more, near by inner product: alpha[i,j] rises with s[i,j]",
    Direction.RISING: "weigh less, near by inner product: alpha[i,j] falls as s[i,j] grows",
}


@dataclass(frozen=True)
class Fact:
    topic: str
    answer: str


@dataclass(frozen=True)
class Seen:
    """A random batch, and the importances that a loss gives on it."""

    state: str
    batch: ProbeBatch
    attract_A1: Array
    repel_AC: Array

    @property
    def sum_A1(self) -> Array:
        return np.asarray(self.repel_AC.sum(1, keepdims=True))

    def place(self, row: int, column: int) -> str:
        near = float(self.batch.quantities[Quantity.POSITIVE][row, 0])
        far = float(self.batch.quantities[Quantity.NEGATIVE][row, column])
        return f"d[i]^2 = {near:.2g}, d[i,j]^2 = {far:.2g} of a {self.state} batch"


def facts_of(journey: Journey) -> tuple[Fact, ...]:
    loss = journey.loss
    values = {parameter.name: parameter.value for parameter in loss.parameters}
    seen = tuple(_seen(journey, values))
    scopes = {PROVED: scope_of(loss), HERE: _at_values(loss, values)}
    monotone = (Fact("phi, psi", "non-decreasing: proved, or they would have been refused"),)
    return (
        Fact("family", FAMILIES[type(loss.family)]),
        Fact("pairs", f"{loss.pairs.name}: {loss.pairs.words}"),
        Fact("space", SPACES[loss.space]),
        *(monotone if isinstance(loss.family, Coordinate) else ()),
        Fact("alpha >= 0", _sign(journey, scopes, seen)),
        Fact("near negatives", _order(journey.alpha.repel, scopes, seen)),
        Fact("rows of alpha", _row_sums(journey, seen)),
        Fact("beta", _balance(journey, seen)),
        Fact("passes", _passes(journey.core)),
        Fact("streaming", _streaming(journey.core)),
    )


def _seen(journey: Journey, values: Mapping[str, float]) -> Iterator[Seen]:
    for state in STATES:
        for seed in SEEDS:
            batch = probe_batch(journey.loss.pairs, journey.loss.space, state, seed)
            weights = batch.weigh(journey.stable, values)
            yield Seen(state, batch, weights.attract_A1, weights.repel_AC)


def _at_values(loss: Loss, values: Mapping[str, float]) -> Scope:
    points = {name: point(value) for name, value in values.items()}
    return Scope(points, distances=scope_of(loss).distances)


def _sign(journey: Journey, scopes: Mapping[str, Scope], seen: tuple[Seen, ...]) -> str:
    match journey.loss.family:
        case Coordinate(weight=weight) if level_of(weight) == Level.CONSTANT:
            return f"{PROVED}: alpha[i,j] is phi' times psi' (Theorem 1), neither of them negative"
        case Direct() | Proportional() if journey.loss.alpha_gradient == AlphaGradient.STOPPED:
            return f"{PROVED}, or it would have been refused"
        case MinPlayer() if journey.loss.alpha_gradient == AlphaGradient.STOPPED:
            return "by construction: the simplex holds no negative weights"
    for proved, scope in scopes.items():
        if infer_interval(journey.alpha.repel, scope).non_negative:
            return proved
    lowest = min(seen, key=lambda state: float(state.repel_AC.min()))
    largest = max(float(abs(state.repel_AC).max()) for state in seen)
    if lowest.repel_AC.min() >= -SLIGHT * largest:
        return f"not proved; never negative on {len(seen)} random batches"
    row, column = np.unravel_index(np.argmin(lowest.repel_AC), lowest.repel_AC.shape)
    where = lowest.place(int(row), int(column))
    return f"no: alpha[i,j] = {lowest.repel_AC.min():.3g} at {where}: a negative there is pulled closer"


def _order(repel: Expr, scopes: Mapping[str, Scope], seen: tuple[Seen, ...]) -> str:
    for proved, scope in scopes.items():
        direction = infer_order(repel, scope)
        if direction != Direction.UNKNOWN:
            words = ORDERS_BY_PRODUCT if uses_products(repel) else ORDERS
            return f"{words[direction]} ({proved})"
    falls = [state for state in (_far_outweighs_near(state) for state in seen) if state]
    if not falls:
        return f"weigh more on {len(seen)} random batches; not proved"
    return f"do not always weigh more: {falls[0]}"


def _far_outweighs_near(seen: Seen) -> str:
    """The steepest increase of alpha from a negative to the next farther one of the same anchor, in words; empty if
    there is none."""
    d2_AC = np.where(seen.batch.rows.negative_AC, seen.batch.quantities[Quantity.NEGATIVE], np.inf)
    order_AC = np.argsort(d2_AC, axis=1)
    alpha_AC = np.take_along_axis(seen.repel_AC, order_AC, 1)
    real_AC = np.isfinite(np.take_along_axis(d2_AC, order_AC, 1))
    rise_AC = np.where(real_AC[:, 1:], np.diff(alpha_AC, axis=1), -np.inf)
    if rise_AC.max() <= SLIGHT * abs(alpha_AC).max():
        return ""
    row, at = (int(index) for index in np.unravel_index(np.argmax(rise_AC), rise_AC.shape))
    near, far = (float(d2_AC[row, order_AC[row, column]]) for column in (at, at + 1))
    weights = f"{alpha_AC[row, at]:.3g} at d[i,j]^2 = {near:.2g}, but {alpha_AC[row, at + 1]:.3g} at {far:.2g}"
    return f"alpha[i,j] = {weights} in a row of a {seen.state} batch"


def _row_sums(journey: Journey, seen: tuple[Seen, ...]) -> str:
    proven = _known_sum(journey)
    if level_of(proven) == Level.CONSTANT:
        return "sum to one (by construction)" if proven == ONE else f"sum to {pretty_expr(proven)} (by construction)"
    sums = np.concatenate([state.sum_A1 for state in seen])
    if abs(sums - 1).max() <= SLIGHT:
        return f"sum to one on {len(seen)} random batches; not proved"
    return f"do not sum to one: {sums.min():.3g} to {sums.max():.3g} on {len(seen)} random batches"


def _known_sum(journey: Journey) -> Expr:
    """The row sum of alpha, replaced by beta where they are known to be equal."""
    if _known_balance(journey):
        return journey.alpha.attract
    return Simplifier(scope_of(journey.loss))(total(journey.alpha.repel))


def _known_balance(journey: Journey) -> str:
    """Why pull and push balance in each row, if that is known; otherwise empty."""
    loss, simplified = journey.loss, Simplifier(scope_of(journey.loss))
    match loss.family:
        case Coordinate(weight=weight) if level_of(weight) < Level.ROW:
            return "Theorem 1: the paper's family"
        case Direct() | Proportional() | MinPlayer() if loss.alpha_gradient == AlphaGradient.STOPPED:
            return "alpha is held fixed: the paper's family"
        case _ if simplified(total(journey.alpha.repel)) == simplified(journey.alpha.attract):
            return "proved: alpha as in the paper's family"
        case _:
            return ""


def _balance(journey: Journey, seen: tuple[Seen, ...]) -> str:
    known = _known_balance(journey)
    if known:
        return f"the row sum of alpha ({known})"
    batches = f"{len(seen)} random batches"
    if all(abs(state.attract_A1 - state.sum_A1).max() <= BALANCED * abs(state.attract_A1).max() for state in seen):
        return f"the row sum of alpha on {batches}, as in the paper's family; not proved"
    betas = np.concatenate([state.attract_A1 for state in seen])
    outside = "outside the paper's family" if isinstance(journey.loss.family, General) else "not as in Theorem 1"
    return f"not the row sum of alpha ({outside}): {betas.min():.3g} to {betas.max():.3g} on {batches}"


def _passes(core: Core) -> str:
    count = sum(sweep.sweeps for sweep in core.passes)
    if count == 1:
        return "1 over the pairs: no weight needs a statistic of its row"
    if core.passes[-1].rows:
        return f"{count} over the pairs: statistics of the rows in turn, the weighted sums with those of one"
    return f"{count} over the pairs: {count - 1} for statistics of the rows, 1 for the weighted sums"


def _streaming(core: Core) -> str:
    match core.streaming:
        case Streaming.ROW_BLOCKS if core.positives == Positives.TOGETHER:
            return "yes, by blocks of rows: the positives of an anchor share its row"
        case Streaming.ROW_BLOCKS if core.positives == Positives.APART:
            return "yes, by blocks of rows: an anchor has a row for each of its positives"
        case Streaming.ROW_BLOCKS:
            return "yes, by blocks of whole rows: lambda[i] is found from its row at once"
        case Streaming.NONE:
            return "no: it needs whole rows and statistics of the batch at once, so it stays dense"
        case Streaming.TILES if any(statistic.level == Level.BATCH for statistic in core.statistics):
            return "yes, by tiles; reductions over anchors need all rows of a pass before the next"
        case Streaming.TILES:
            return "yes, by tiles: reductions over the negatives are carried online"
