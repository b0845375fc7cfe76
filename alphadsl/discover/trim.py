"""Simplifying a survivor as far as its score allows: parts are left out and numbers rounded, one after another."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from alphadsl.discover.fold import fold
from alphadsl.discover.gates import Gates, Refused
from alphadsl.discover.known import loss_of
from alphadsl.discover.mutate import rounded
from alphadsl.discover.positions import positions_of, put, size_of_loss
from alphadsl.ir.nodes import Apply, Loss, Num
from alphadsl.ir.parameter import Fixed
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.ir.traversal import children

MOST_TRIED = 12
Scored = Callable[[str], float | None]


class Trimmed(NamedTuple):
    """What is left of a loss."""

    text: str
    size: int
    score: float


def trim(name: str, text: str, gates: Gates, score: Scored, least: float) -> Trimmed:
    """The simplest loss found that scores at least `least`. `gates` are those of a library, so that the result is still
    new. At most 12 simpler losses are scored."""
    loss = fold(loss_of(name, text))
    best, reached, left = loss, least, MOST_TRIED
    again = True
    while again and left:
        again = False
        for simpler in _simpler(best):
            if not left:
                break
            text = pretty_loss(simpler)
            if isinstance(gates.judge(simpler.name, text), Refused):
                continue
            left -= 1
            scored = score(text)
            if scored is not None and scored >= least:
                best, reached, again = simpler, scored, True
                break
    return Trimmed(pretty_loss(best), size_of_loss(best), reached)


def _simpler(loss: Loss) -> Iterator[Loss]:
    """Simpler losses: with an operation left out, then with rounder numbers."""
    for position in positions_of(loss.family):
        if isinstance(position.node, Apply):
            for child in children(position.node):
                made = fold(put(loss, position, child))
                if size_of_loss(made) < size_of_loss(loss):
                    yield made
    for position in positions_of(loss.family):
        if isinstance(position.node, Num) and rounded(position.node.value, 1) != position.node.value:
            yield put(loss, position, Num(rounded(position.node.value, 1)))
    for index, parameter in enumerate(loss.parameters):
        value = rounded(parameter.value, 1)
        if isinstance(parameter.role, Fixed) and value != parameter.value and value in parameter.interval:
            moved = (*loss.parameters[:index], replace(parameter, value=value), *loss.parameters[index + 1 :])
            yield replace(loss, parameters=moved)
