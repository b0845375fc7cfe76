"""What the text of a loss says beside its mathematics: handed from where it is read to where it is proved."""

from collections.abc import Mapping
from dataclasses import dataclass

from alphadsl.report.source import Span


@dataclass(frozen=True)
class Stated:
    """Where the loss and its parameters are named, which of these it declares itself (`own`), and whether it says that
    its importance may be negative (`alpha in reals`)."""

    loss: Span
    parameters: Mapping[str, Span]
    own: frozenset[str]
    signed: bool
