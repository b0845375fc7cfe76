"""The losses that a search knows before it starts: those it starts from, and the library.

Refused as a start: two losses of the same name, a loss that needs labels or a queue, and one that is not on the sphere,
since candidates are compared on two views.
"""

from collections.abc import Sequence

from alphadsl.builtin import library_entries
from alphadsl.discover.positions import size_of_loss
from alphadsl.ir.kinds import Space
from alphadsl.ir.nodes import Loss
from alphadsl.ir.parameter import Fixed, Parameter
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.journey import Journey
from alphadsl.pipeline import lower_spec
from alphadsl.report.exceptions import InputError
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText


def parents_from(texts: Sequence[SpecText]) -> dict[str, str]:
    """The losses to start from, by name, as texts. Raises `InputError` or `SpecError` for one that cannot be used."""
    parents: dict[str, str] = {}
    for text in texts:
        loss = lower_spec(text).loss
        if loss.name in parents:
            raise InputError(f"Two of the specs define a loss called {loss.name}.", "Give each its own name.")
        if loss.pairs.takes or loss.space != Space.SPHERE:
            needs = " and ".join(sorted(loss.pairs.takes)) or "embeddings that are not normalised"
            raise InputError(f"{loss.name} takes {needs}; a search is for losses of two views only.", "Leave it out.")
        parents[loss.name] = pretty_loss(loss)
    return parents


def known_losses() -> list[Journey]:
    """The library's losses that can be trained with two views, without labels or a queue."""
    journeys = (entry.journey for entry in library_entries())
    return [journey for journey in journeys if journey.loss.space == Space.SPHERE and not journey.loss.pairs.takes]


def journey_of(name: str, text: str) -> Journey:
    """The last loss of a text that was admitted before."""
    return lower_spec(SpecText(Source(name, text), None))


def loss_of(name: str, text: str) -> Loss:
    return journey_of(name, text).loss


def size_of(name: str, text: str) -> int:
    """Number of nodes and parameters of the last loss of a text."""
    return size_of_loss(loss_of(name, text))


def first_tunable(name: str, text: str) -> Parameter | None:
    """The first parameter that is neither learned nor scheduled, and is not 0."""
    return next(
        (
            parameter
            for parameter in loss_of(name, text).parameters
            if isinstance(parameter.role, Fixed) and parameter.value
        ),
        None,
    )
