"""What every name of a loss stands for, collected from the loss and its parents; clashes are reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alphadsl.ir.atoms import AUTHOR_FUNCTIONS
from alphadsl.report.catalogue.names import DuplicateName, ReservedName, SetWithoutParam
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.suggest import suggest
from alphadsl.syntax.tree import (
    ConstantItem,
    FunctionItem,
    IndexedItem,
    LossDef,
    MemberItem,
    Name,
    PairsItem,
    ParamItem,
    SetItem,
    ThroughItem,
)

REDUCTIONS = {"sum_j": "sum", "mean_j": "mean", "max_j": "max", "min_j": "min", "logsumexp_j": "logsumexp"}
DISTANCES = frozenset({"d", "s"})
RESERVED: Mapping[str, str] = {
    "d": "the distance, with d^2 half the squared Euclidean distance",
    "s": "the cosine similarity",
    "i": "the index of the anchor",
    "j": "the index of a negative",
    **{name: "a built-in function" for name in AUTHOR_FUNCTIONS},
    **{name: "a reduction over the negatives" for name in REDUCTIONS},
    **{name: "a part of a family, which is defined, not declared" for name in ("phi", "psi", "R", "alpha", "weight")},
}
FAMILY_PARTS = frozenset({"phi", "psi", "R", "alpha", "weight"})
Definition = FunctionItem | IndexedItem | ConstantItem


@dataclass
class Names:
    """The statements of a loss by what they define. `values` are the settings of parameters, the child's last."""

    loss: LossDef
    parameters: dict[str, ParamItem] = field(default_factory=dict)
    values: dict[str, ParamItem | SetItem] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    pairs: PairsItem | None = None
    members: list[MemberItem] = field(default_factory=list)
    throughs: list[ThroughItem] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def in_scope(self) -> tuple[str, ...]:
        return (*self.parameters, *(name for name in self.definitions if name not in FAMILY_PARTS))


def resolve_names(chain: tuple[LossDef, ...]) -> Names:
    """Collect the statements of a loss and its parents, root first."""
    names = Names(chain[-1])
    for loss in chain:
        paired: PairsItem | None = None
        for item in loss.items:
            match item:
                case ParamItem(name):
                    if _is_free(names, name):
                        names.parameters[name.text] = names.values[name.text] = item
                case FunctionItem(name) | IndexedItem(name) | ConstantItem(name):
                    if _is_free(names, name, FAMILY_PARTS):
                        names.definitions[name.text] = item
                case SetItem(name):
                    _set(names, item, name)
                case PairsItem(name):
                    if paired:
                        names.diagnostics.append(DuplicateName(item.span, "pairs", paired.span))
                    names.pairs = paired = item
                case MemberItem():
                    names.members.append(item)
                case ThroughItem():
                    names.throughs.append(item)
    return names


def _is_free(names: Names, name: Name, allowed: frozenset[str] = frozenset()) -> bool:
    taken = names.parameters.get(name.text) or names.definitions.get(name.text)
    if name.text in RESERVED and name.text not in allowed:
        names.diagnostics.append(ReservedName(name.span, name.text, RESERVED[name.text]))
    elif taken:
        names.diagnostics.append(DuplicateName(name.span, name.text, taken.name.span))
    else:
        return True
    return False


def _set(names: Names, item: SetItem, name: Name) -> None:
    if name.text in names.parameters:
        names.values[name.text] = item
    else:
        known = tuple(names.parameters)
        names.diagnostics.append(SetWithoutParam(name.span, name.text, suggest(name.text, known), known))
