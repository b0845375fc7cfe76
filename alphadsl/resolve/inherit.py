"""A loss and its parents, root first: follows `extends` to specs next to the file and in the library.

Refused, and reported once for all losses concerned: cycles, chains that are too long, parents that cannot be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.lineage import BrokenParent, CyclicExtends, LongLineage, UnknownParent
from alphadsl.report.source import Source
from alphadsl.resolve.files import WrittenLoss
from alphadsl.resolve.lookup import Absent, Itself, NoLoss, Unreadable, find_loss
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
        if not isinstance(parent, WrittenLoss):
            return Lineage((), (_refusal(wanted, parent),))
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


def _refusal(wanted: Name, why: NoLoss) -> Diagnostic:
    match why:
        case Absent(advice):
            return UnknownParent(wanted.span, wanted.text, advice)
        case Unreadable(path, reason, fault):
            return BrokenParent(wanted.span, wanted.text, path, reason, fault)
        case Itself():
            return CyclicExtends(wanted.span, wanted.text, f"{wanted.text} extends {wanted.text}")
