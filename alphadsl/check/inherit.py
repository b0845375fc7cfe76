"""A loss and its parents, root first: follows `extends` beside the file and into the library; refuses circles."""

from dataclasses import dataclass

from alphadsl.check.library import SpecText, find_spec, library_names, parsed
from alphadsl.report.catalogue.names import BrokenParent, CyclicExtends, UnknownParent
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.suggest import suggest
from alphadsl.syntax.tree import LossDef, Name, SpecFile

LONGEST_CHAIN = 16


@dataclass(frozen=True)
class Lineage:
    """The definitions from the root to the loss itself; empty if the chain is broken."""

    chain: tuple[LossDef, ...]
    diagnostics: tuple[Diagnostic, ...]


def resolve_lineage(loss: LossDef, file: SpecFile, text: SpecText) -> Lineage:
    chain = [loss]
    while chain[0].parent is not None:
        wanted = chain[0].parent
        if len(chain) == LONGEST_CHAIN or any(_same(member, wanted, chain) for member in chain):
            names = [member.name.text for member in reversed(chain)] + [wanted.text]
            return Lineage((), (CyclicExtends(wanted.span, loss.name.text, " extends ".join(names)),))
        found = _find(wanted, chain[0], file, text)
        if isinstance(found, Diagnostic):
            return Lineage((), (found,))
        parent, file, text = found
        chain.insert(0, parent)
    return Lineage(tuple(chain), ())


def _same(member: LossDef, wanted: Name, chain: list[LossDef]) -> bool:
    """A loss of the same name in another file is another loss: `loss infonce extends infonce` refines the library's."""
    here = wanted.span.source == member.span.source
    return member.name.text == wanted.text and here and member is not chain[-1]


def _find(
    wanted: Name, child: LossDef, file: SpecFile, text: SpecText
) -> tuple[LossDef, SpecFile, SpecText] | Diagnostic:
    here = next((loss for loss in file.losses if loss.name.text == wanted.text and loss is not child), None)
    if here is not None:
        return here, file, text
    try:
        other = find_spec(wanted.text, text.folder)
    except (OSError, UnicodeDecodeError) as failure:
        path = str(text.folder and text.folder / f"{wanted.text}.alpha")
        return BrokenParent(wanted.span, wanted.text, path, str(failure))
    if other is None or other.source == text.source:
        known = [loss.name.text for loss in file.losses if loss is not child] + list(library_names())
        return UnknownParent(wanted.span, wanted.text, suggest(wanted.text, known))
    outcome = parsed(other.source)
    if outcome.file is None:
        return BrokenParent(wanted.span, wanted.text, other.source.name, outcome.diagnostics[0].title)
    parent = next((loss for loss in outcome.file.losses if loss.name.text == wanted.text), None)
    if parent is None:
        return BrokenParent(wanted.span, wanted.text, other.source.name, f"it defines no loss called {wanted.text}")
    return parent, outcome.file, other
