"""Candidates from parents: losses and a random generator come in; texts come out, with their parents and mutations."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from alphadsl.discover.fold import fold
from alphadsl.discover.known import loss_of
from alphadsl.discover.mutate import Setting, mutate
from alphadsl.discover.paths import path_text
from alphadsl.discover.places import size_of_loss
from alphadsl.discover.space import SearchSpace
from alphadsl.ir.pretty_loss import pretty_loss

PATH = 0.1
"""Probability that a candidate is a point on a path."""
ANOTHER = 0.35
"""Probability that another mutation follows one."""
TRIES = 20


@dataclass(frozen=True)
class Bred:
    """A text that nobody has checked yet, and its origin."""

    name: str
    text: str
    parents: tuple[str, ...]
    how: str


class Parent(NamedTuple):
    """A loss to breed from: its name and its text."""

    name: str
    text: str


def breed(name: str, parents: Sequence[Parent], space: SearchSpace, chance: random.Random) -> Bred | None:
    """One candidate from one or two of the parents; None if no mutation was possible."""
    loss, other = (loss_of(*chance.choice(parents)) for _ in range(2))
    if space.paths and loss.name != other.name and loss.pairs == other.pairs and chance.random() < PATH:
        return Bred(name, path_text(loss, other, chance, name), (loss.name, other.name), "path")
    made, how = loss, list[str]()
    setting = Setting(space, other, chance)
    for _ in range(TRIES):
        step = mutate(made, setting)
        if step is None or size_of_loss(step[1]) > space.max_size or step[1].family.kind not in space.families:
            continue
        how.append(step[0])
        made = step[1]
        if chance.random() >= ANOTHER:
            break
    if not how:
        return None
    crossed = (other.name,) if "cross" in how and other.name != loss.name else ()
    return Bred(name, pretty_loss(fold(replace(made, name=name))), (loss.name, *crossed), " + ".join(how))
