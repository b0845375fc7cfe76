"""Diagnostics for names that are used as something they are not, or that nothing defines.

The meaning of a name is looked up in one place, together with its correct form, so that every wrong use gets a remedy.
"""

import re

from alphadsl.ir.atoms import AUTHOR_FUNCTIONS
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.levels import IndexMismatch, WrongUse
from alphadsl.report.errors.names import UnknownName
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
from alphadsl.resolve.declare import declaration
from alphadsl.resolve.names import BATCH_REDUCTIONS, DISTANCES, FAMILY_PARTS, REDUCTIONS, Definition, Names
from alphadsl.syntax import tree

_ARGUMENTS = ("x", "a", "z")  # usual arguments of functions; elsewhere not meant as parameters
BARE, INDEXED, CALLED = "a bare name", "a definition with indices", "a function"
FUNCTIONS = AUTHOR_FUNCTIONS | set(REDUCTIONS) | set(BATCH_REDUCTIONS)


def misused(names: Names, argument: str | None, name: str, span: Span, used: str) -> Diagnostic | None:
    """What is wrong with this use of a name; None if nothing is, or if the name is unknown."""
    match _meaning(names, argument, name):
        case None:
            return None
        case (("a function" | "a built-in function"), _) if used == CALLED:
            return None
        case kind, bare if used == CALLED and bare == name:
            return WrongUse(span, name, kind, used, f"{name} * (...)")
        case kind, remedy:
            return WrongUse(span, name, kind, used, remedy)


def unknown(names: Names, argument: str | None, name: str, span: Span, used: str) -> Diagnostic:
    """The diagnostic for an undefined name, with the closest name and those that could be used there."""
    if used == CALLED:
        own = tuple(known for known, item in names.definitions.items() if _is_own_function(known, item))
        return UnknownName(span, name, suggest(name, (*FUNCTIONS, *own)), (*own, *sorted(FUNCTIONS)))
    scope = (*([argument] if argument else ()), *names.in_scope(), *(() if argument else ("d", "s")))
    index = re.fullmatch(r"([A-Za-z]\w*?)_?(ij|i)", name)
    if index and (index[1] in DISTANCES or isinstance(names.definitions.get(index[1]), tree.IndexedItem)):
        return UnknownName(span, name, f"{index[1]}[{','.join(index[2])}]", scope)
    declared = declaration(name, span, names.loss) if used == BARE and name not in _ARGUMENTS else None
    return UnknownName(span, name, suggest(name, scope), scope, declared)


def _meaning(names: Names, argument: str | None, name: str) -> tuple[str, str] | None:
    """What a name is, and its correct form."""
    if name == argument:
        return "the argument of a function", name
    if name in names.parameters:
        return "a parameter", name
    match names.definitions.get(name):
        case tree.ConstantItem():
            return "a constant", name
        case tree.IndexedItem(_, indices):
            return "a definition with indices", with_indices(name, indices)
        case tree.FunctionItem(_, own):
            return "a function", f"{name}({own.text})"
    if name in DISTANCES:
        return "a distance" if name == "d" else "a cosine", f"{name}[i] or {name}[i,j]"
    if name == "count":
        return "the number of negatives of an anchor", "count[i]"
    if name in FUNCTIONS:
        return "a built-in function", f"{name}(...)"
    if name in ("i", "j"):
        return "an index", "it in square brackets, as in d[i,j]"
    if name == "inf":
        return "the unbounded end of an interval", "a finite number"
    return None


def _is_own_function(name: str, item: Definition) -> bool:
    return isinstance(item, tree.FunctionItem) and name not in FAMILY_PARTS


def misindexed(name: str, indices: tuple[tree.Name, ...], span: Span) -> Diagnostic:
    """The diagnostic for indices other than [i] and [i,j]; it names the expected ones as far as they are known."""
    match len(indices):
        case _ if name == "count":
            expected = "count[i]"
        case 2:
            expected = f"{name}[i,j]"
        case _:
            expected = f"{name}[i] or {name}[i,j]"
    return IndexMismatch(span, name, expected, with_indices(name, indices))


def with_indices(name: str, indices: tuple[tree.Name, ...]) -> str:
    return f"{name}[{','.join(index.text for index in indices)}]"
