"""The loss that a name in another loss refers to: one of the same file, of a file beside it, or of the library.

Comes out as it is written, or with the reason why there is none; what is refused about it, an `extends` or a use, is
the caller's to say.
"""

from dataclasses import dataclass

from alphadsl.report.diagnostic import Label
from alphadsl.report.field import advise
from alphadsl.resolve.files import SUFFIX, SpecText, WrittenLoss, find_spec, library_names, parsed
from alphadsl.syntax.tree import Name


@dataclass(frozen=True)
class Absent:
    """No loss has the name; `advice` is one that may be meant."""

    advice: str | None


@dataclass(frozen=True)
class Unreadable:
    """The file of that name cannot be read, or does not define the loss."""

    path: str
    reason: str
    fault: Label | None = None


@dataclass(frozen=True)
class Itself:
    """Only the loss that uses the name is called so."""


NoLoss = Absent | Unreadable | Itself


def find_loss(wanted: Name, user: WrittenLoss) -> WrittenLoss | NoLoss:
    own, file, text = user.definition, user.file, user.text
    here = next((loss for loss in file.losses if loss.name.text == wanted.text and loss is not own), None)
    if here is not None:
        return WrittenLoss(here, file, text)
    try:
        other = find_spec(wanted.text, text.folder)
    except (OSError, UnicodeDecodeError) as failure:
        path = str(text.folder and text.folder / f"{wanted.text}{SUFFIX}")
        reason = failure.strerror if isinstance(failure, OSError) else "it is not UTF-8 text"
        return Unreadable(path, f"cannot be read: {reason}")
    if other is not None and other.source == text.source:
        other = find_spec(wanted.text, None)  # a file infonce.alpha may extend infonce of the library
    if other is not None:
        return _defined(wanted, other)
    if wanted.text == own.name.text:
        return Itself()
    known = [loss.name.text for loss in file.losses if loss is not own] + list(library_names())
    return Absent(advise(wanted.text, known))


def _defined(wanted: Name, text: SpecText) -> WrittenLoss | Unreadable:
    """The loss of that name in the file of that name."""
    outcome, path = parsed(text.source), text.source.name
    if outcome.file is None:
        first = outcome.diagnostics[0]
        return Unreadable(path, "cannot be read", Label(first.span, first.title))
    definition = next((loss for loss in outcome.file.losses if loss.name.text == wanted.text), None)
    if definition is None:
        return Unreadable(path, f"defines no loss called {wanted.text}")
    return WrittenLoss(definition, outcome.file, text)
