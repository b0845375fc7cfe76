"""A loss and its parents, root first: follows `extends` to specs next to the file and in the library.

Refused, and reported once for all losses concerned: cycles, chains that are too long, parents that cannot be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alphadsl.report.diagnostic import Diagnostic, Label
from alphadsl.report.errors.lineage import BrokenParent, CyclicExtends, LongLineage, UnknownParent
from alphadsl.report.field import advise
from alphadsl.report.source import Source
from alphadsl.resolve.files import SUFFIX, SpecText, WrittenLoss, find_spec, library_names, parsed
from alphadsl.syntax.tree import LossDef, Name

LONGEST_CHAIN = 16
MOST_FILES = 200


@dataclass(frozen=True)
class Lineage:
    """The definitions from the root to the loss itself; empty if the chain is broken."""

    chain: tuple[LossDef, ...]
    diagnostics: tuple[Diagnostic, ...]


def resolve_lineage(loss: WrittenLoss) -> Lineage:
    chain = [loss]
    while (wanted := chain[-1].definition.parent) is not None and len(chain) < MOST_FILES:
        parent = find_loss(wanted, chain[-1])
        if isinstance(parent, Diagnostic):
            return Lineage((), (parent,))
        start = next((at for at, member in enumerate(chain) if _place(member) == _place(parent)), None)
        if start is not None:
            return Lineage((), (_cycle([member.definition for member in chain[start:]], loss.text.source),))
        chain.append(parent)
    definitions = [member.definition for member in chain]
    too_young = definitions[-LONGEST_CHAIN - 1] if len(chain) > LONGEST_CHAIN else None
    if too_young is not None and too_young.parent is not None:
        return Lineage((), (LongLineage(too_young.parent.span, too_young.name.text, LONGEST_CHAIN - 1),))
    return Lineage(tuple(reversed(definitions)), ())


def _place(loss: WrittenLoss) -> tuple[str, int]:
    """Like `key`, except that two files with the same text count as one."""
    span = loss.definition.span
    return span.source.text, span.start


def _cycle(members: Sequence[LossDef], start: Source) -> CyclicExtends:
    """Losses that each extend the next, and the last one the first. The span is the last `extends` in `start`."""
    links = [member.parent for member in members]
    spans = [link.span for link in links if link is not None]
    last = max(range(len(spans)), key=lambda at: (spans[at].source == start, spans[at].start))
    names = [member.name.text for member in (*members[last:], *members[:last], members[last])]
    return CyclicExtends(spans[last], names[0], " extends ".join(names), (*spans[:last], *spans[last + 1 :]))


def find_loss(wanted: Name, user: WrittenLoss) -> WrittenLoss | Diagnostic:
    """The loss that a name in another loss refers to: in the same file, next to it, or in the library; or a diagnostic
    if there is none."""
    own, file, text = user.definition, user.file, user.text
    here = next((loss for loss in file.losses if loss.name.text == wanted.text and loss is not own), None)
    if here is not None:
        return WrittenLoss(here, file, text)
    try:
        other = find_spec(wanted.text, text.folder)
    except (OSError, UnicodeDecodeError) as failure:
        path = str(text.folder and text.folder / f"{wanted.text}{SUFFIX}")
        reason = failure.strerror if isinstance(failure, OSError) else "it is not UTF-8 text"
        return BrokenParent(wanted.span, wanted.text, path, f"cannot be read: {reason}")
    if other is not None and other.source == text.source:
        other = find_spec(wanted.text, None)  # a file infonce.alpha may extend infonce of the library
    if other is None and wanted.text == own.name.text:
        return CyclicExtends(wanted.span, wanted.text, f"{wanted.text} extends {wanted.text}", ())
    if other is None:
        known = [loss.name.text for loss in file.losses if loss is not own] + list(library_names())
        return UnknownParent(wanted.span, wanted.text, advise(wanted.text, known))
    return _defined(wanted, other)


def _defined(wanted: Name, text: SpecText) -> WrittenLoss | Diagnostic:
    """The loss of that name in the file of that name; a diagnostic if there is none."""
    outcome, path = parsed(text.source), text.source.name
    if outcome.file is None:
        first = outcome.diagnostics[0]
        return BrokenParent(wanted.span, wanted.text, path, "cannot be read", Label(first.span, first.title))
    definition = next((loss for loss in outcome.file.losses if loss.name.text == wanted.text), None)
    if definition is None:
        return BrokenParent(wanted.span, wanted.text, path, f"defines no loss called {wanted.text}")
    return WrittenLoss(definition, outcome.file, text)
