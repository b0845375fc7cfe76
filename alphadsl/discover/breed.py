"""Candidates from parents: losses and a random generator come in; texts come out, with their parents and mutations."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, get_args

from alphadsl.discover.fold import fold
from alphadsl.discover.known import loss_of
from alphadsl.discover.mutate import Setting, mutate
from alphadsl.discover.paths import path_text
from alphadsl.discover.positions import size_of_loss
from alphadsl.discover.space import LARGEST, FamilyName, PairsName, SearchSpace
from alphadsl.ir.nodes import Loss
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.report.exceptions import InputError

PATH = 0.1
"""Probability that a candidate is a point on a path."""
ANOTHER = 0.35
"""Probability that another mutation follows one."""
TRIES = 20
ATTEMPTS = 50
"""Candidates that are tried before a space is said to have none."""


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
    if _have_path(loss, other, space) and chance.random() < PATH:
        return Bred(name, path_text(loss, other, chance, name), (loss.name, other.name), "path")
    made, how = loss, list[str]()
    setting = Setting(space, other, chance)
    for _ in range(TRIES):
        step = mutate(made, setting)
        if step is None or not _is_in(step[1], space):
            continue
        how.append(step[0])
        made = step[1]
        if chance.random() >= ANOTHER:
            break
    if not how:
        return None
    crossed = (other.name,) if "cross" in how and other.name != loss.name else ()
    return Bred(name, pretty_loss(fold(replace(made, name=name))), (loss.name, *crossed), " + ".join(how))


def check_space(parents: Mapping[str, str], space: SearchSpace) -> None:
    """Raises `InputError` if nothing can be bred from the parents that is in the space, and names what to widen."""
    if _leads_somewhere(parents, space):
        return
    widest = {"families": get_args(FamilyName), "pairs": get_args(PairsName), "max_size": LARGEST}
    wider = [
        name for name, value in widest.items() if _leads_somewhere(parents, space.model_copy(update={name: value}))
    ]
    raise InputError(
        f"No mutation of {', '.join(parents)} is in the space.",
        f"Allow more in its {' or '.join(wider or widest)}, or start from other losses.",
    )


def _leads_somewhere(parents: Mapping[str, str], space: SearchSpace) -> bool:
    chance, losses = random.Random(0), [Parent(name, text) for name, text in parents.items()]
    return any(breed("any", losses, space, chance) for _ in range(ATTEMPTS))


def _have_path(first: Loss, second: Loss, space: SearchSpace) -> bool:
    """Whether a path joins two losses, and its points, which are proportional, are in the space."""
    allowed = space.paths and "proportional" in space.families and first.pairs.name in space.pairs
    return allowed and first.name != second.name and first.pairs == second.pairs


def _is_in(loss: Loss, space: SearchSpace) -> bool:
    fits = loss.family.kind in space.families and loss.pairs.name in space.pairs
    return fits and size_of_loss(loss) <= space.max_size
