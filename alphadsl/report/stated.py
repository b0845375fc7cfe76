"""What the text of a loss says in addition to its mathematics; resolution passes it on to the proofs."""

from collections.abc import Mapping
from dataclasses import dataclass

from alphadsl.report.source import Span


@dataclass(frozen=True)
class Stated:
    """The spans of the names of the loss and its parameters, the parameters it declares itself (`own`), and whether it
    says that its importance may be negative (`alpha in reals`)."""

    loss: Span
    parameters: Mapping[str, Span]
    own: frozenset[str]
    signed: bool
