"""A loss and its parents, root first: follows `extends` beside the file and into the library.

Refused, each told once for all losses it concerns: cycles, chains that are too long, parents that cannot be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alphadsl.report.diagnostic import Diagnostic, Label
from alphadsl.report.errors.lineage import BrokenParent, CyclicExtends, LongLineage, UnknownParent
from alphadsl.report.field import advise
from alphadsl.report.source import Source
from alphadsl.resolve.files import SUFFIX, SpecText, find_spec, library_names, parsed
from alphadsl.syntax.tree import LossDef, Name, SpecFile

LONGEST_CHAIN = 16
MOST_FILES = 200


@dataclass(frozen=True)
class Lineage:
    """The definitions from the root to the loss itself; empty if the chain is broken."""

    chain: tuple[LossDef, ...]
    diagnostics: tuple[Diagnostic, ...]


def resolve_lineage(loss: LossDef, file: SpecFile, text: SpecText) -> Lineage:
    chain, start = [loss], text.source
    while (wanted := chain[-1].parent) is not None and len(chain) < MOST_FILES:
        found = find_loss(wanted, chain[-1], file, text)
        if isinstance(found, Diagnostic):
            return Lineage((), (found,))
        parent, file, text = found
        again = next((at for at, member in enumerate(chain) if _place(member) == _place(parent)), None)
        if again is not None:
            return Lineage((), (_cycle(chain[again:], start),))
        chain.append(parent)
    too_young = chain[-LONGEST_CHAIN - 1].parent if len(chain) > LONGEST_CHAIN else None
    if too_young is not None:
        name = chain[-LONGEST_CHAIN - 1].name.text
        return Lineage((), (LongLineage(too_young.span, name, LONGEST_CHAIN - 1),))
    return Lineage(tuple(reversed(chain)), ())


def _place(loss: LossDef) -> tuple[str, int]:
    """What tells losses apart: one of the same name in another file is another loss."""
    return loss.span.source.text, loss.span.start


def _cycle(members: Sequence[LossDef], start: Source) -> CyclicExtends:
    """Losses that each extend the next, and the last one the first; blamed on the last line of the text that did it."""
    links = [member.parent for member in members]
    spans = [link.span for link in links if link is not None]
    at = max(range(len(spans)), key=lambda each: (spans[each].source == start, spans[each].start))
    names = [member.name.text for member in (*members[at:], *members[:at], members[at])]
    return CyclicExtends(spans[at], names[0], " extends ".join(names), (*spans[:at], *spans[at + 1 :]))


def find_loss(
    wanted: Name, child: LossDef, file: SpecFile, text: SpecText
) -> tuple[LossDef, SpecFile, SpecText] | Diagnostic:
    """The loss of a name that another one mentions: of its file, beside it, or of the library; or what is wrong."""
    here = next((loss for loss in file.losses if loss.name.text == wanted.text and loss is not child), None)
    if here is not None:
        return here, file, text
    try:
        other = find_spec(wanted.text, text.folder)
    except (OSError, UnicodeDecodeError) as failure:
        path = str(text.folder and text.folder / f"{wanted.text}{SUFFIX}")
        told = failure.strerror if isinstance(failure, OSError) else "it is not UTF-8 text"
        return BrokenParent(wanted.span, wanted.text, path, f"cannot be read: {told}")
    if other is not None and other.source == text.source:
        other = find_spec(wanted.text, None)  # infonce.alpha may extend the infonce of the library
    if other is None and wanted.text == child.name.text:
        return CyclicExtends(wanted.span, wanted.text, f"{wanted.text} extends {wanted.text}", ())
    if other is None:
        known = [loss.name.text for loss in file.losses if loss is not child] + list(library_names())
        return UnknownParent(wanted.span, wanted.text, advise(wanted.text, known))
    return _defined(wanted, other)


def _defined(wanted: Name, text: SpecText) -> tuple[LossDef, SpecFile, SpecText] | Diagnostic:
    """The loss of that name in the file of that name."""
    outcome, path = parsed(text.source), text.source.name
    if outcome.file is None:
        first = outcome.diagnostics[0]
        return BrokenParent(wanted.span, wanted.text, path, "cannot be read", Label(first.span, first.title))
    parent = next((loss for loss in outcome.file.losses if loss.name.text == wanted.text), None)
    if parent is None:
        return BrokenParent(wanted.span, wanted.text, path, f"defines no loss called {wanted.text}")
    return parent, outcome.file, text
