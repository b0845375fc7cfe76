"""What every name in a loss stands for, collected from the loss and its parents; conflicts are reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alphadsl.ir.atoms import AUTHOR_FUNCTIONS
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.names import (
    HIDING,
    PARENTS_DEFINITION,
    PARENTS_PARAM,
    TWO_DEFINITIONS,
    TWO_LINES,
    TWO_VALUES,
    DuplicateName,
    ReservedName,
)
from alphadsl.syntax.language import KEYWORDS
from alphadsl.syntax.scan import LONGEST_NAME as LONGEST_NAME
from alphadsl.syntax.tree import (
    BlendItem,
    ConstantItem,
    FunctionItem,
    IndexedItem,
    Item,
    LearnItem,
    LossDef,
    MemberItem,
    Name,
    PairsItem,
    ParamItem,
    SetItem,
    SpaceItem,
    ThroughItem,
)

REDUCTIONS = {"sum_j": "sum", "mean_j": "mean", "max_j": "max", "min_j": "min", "logsumexp_j": "logsumexp"}
BATCH_REDUCTIONS = {"sum_i": "sum", "mean_i": "mean", "logsumexp_i": "logsumexp"}
DISTANCES = frozenset({"d", "s"})
QUANTITIES = DISTANCES | {"count"}
# Names that cannot be redefined, and why.
RESERVED: Mapping[str, str] = {
    **dict.fromkeys(KEYWORDS, "a keyword"),
    "d": "the distance, with d^2 half the squared Euclidean distance",
    "s": "the cosine similarity",
    "i": "the index of the anchor",
    "j": "the index of a negative",
    "count": "the number of negatives of an anchor, count[i]",
    **{name: "a built-in function" for name in AUTHOR_FUNCTIONS},
    **{name: "a reduction over the negatives" for name in REDUCTIONS},
    **{name: "a reduction over the anchors" for name in BATCH_REDUCTIONS},
    **{name: "a part of a family, which is defined, not declared" for name in ("phi", "psi", "R", "alpha", "weight")},
}
FAMILY_PARTS = frozenset({"phi", "psi", "R", "alpha", "weight", "loss"})
Definition = FunctionItem | IndexedItem | ConstantItem
Statement = PairsItem | SpaceItem | MemberItem | ThroughItem


@dataclass
class Names:
    """The statements of a loss, by what they define.

    `values` has the setting of each parameter that takes effect, the child's over the parent's. `unclaimed` are
    settings of names that no line declares, but perhaps a loss that is used. `refused` are names already reported as
    taken, whose uses are then not reported.
    """

    loss: LossDef
    parameters: dict[str, ParamItem | LearnItem] = field(default_factory=dict)
    values: dict[str, ParamItem | LearnItem | SetItem] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    pairs: PairsItem | None = None
    space: SpaceItem | None = None
    blend: BlendItem | None = None
    members: list[MemberItem] = field(default_factory=list)
    throughs: list[ThroughItem] = field(default_factory=list)
    unclaimed: list[SetItem] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def in_scope(self) -> tuple[str, ...]:
        return (*self.parameters, *(name for name in self.definitions if name not in FAMILY_PARTS))


def resolve_names(chain: tuple[LossDef, ...]) -> Names:
    """Collect the statements of a loss and its parents, root first."""
    names = Names(chain[-1])
    if names.loss.name.text in RESERVED:
        names.diagnostics.append(
            ReservedName(names.loss.name.span, names.loss.name.text, RESERVED[names.loss.name.text])
        )
    for loss in chain:
        for item in loss.items:
            _define(names, item, loss)
        for setting in (item for item in loss.items if isinstance(item, SetItem)):
            _set(names, setting, loss)
    _check_arguments(names)
    return names


def _define(names: Names, item: Item, loss: LossDef) -> None:
    match item:
        case ParamItem(name) | LearnItem(name):
            if _is_free(names, name, loss):
                names.parameters[name.text] = names.values[name.text] = item
        case FunctionItem(name) | IndexedItem(name) | ConstantItem(name):
            if _is_free(names, name, loss, FAMILY_PARTS):
                names.definitions[name.text] = item
        case PairsItem():
            _check_first(names, item, [names.pairs] if names.pairs else [], loss)
            names.pairs = item
        case SpaceItem():
            _check_first(names, item, [names.space] if names.space else [], loss)
            names.space = item
        case BlendItem():
            names.blend = item
        case MemberItem():
            _check_first(names, item, names.members, loss)
            names.members.append(item)
        case ThroughItem():
            _check_first(names, item, names.throughs, loss)
            names.throughs.append(item)


def _check_first(names: Names, item: Statement, said: Sequence[Item], loss: LossDef) -> None:
    """Report a second such line in the same loss; a line of a parent may be repeated or changed."""
    first = next((name for name in said if _is_own(loss, name)), None)
    if first is not None:
        word = item.name.text if isinstance(item, MemberItem) else item.span.text.split()[0]
        names.diagnostics.append(DuplicateName(item.span, word, first.span, TWO_LINES))


def _is_free(names: Names, name: Name, loss: LossDef, allowed: frozenset[str] = frozenset()) -> bool:
    parameter, definition = names.parameters.get(name.text), names.definitions.get(name.text)
    if name.text in RESERVED and name.text not in allowed:
        names.diagnostics.append(ReservedName(name.span, name.text, RESERVED[name.text]))
        names.refused.add(name.text)
    elif taken := parameter or definition:
        inherited = PARENTS_PARAM if parameter else PARENTS_DEFINITION
        clash = TWO_DEFINITIONS if _is_own(loss, taken) else inherited
        names.diagnostics.append(DuplicateName(name.span, name.text, taken.name.span, clash))
    else:
        return True
    return False


def _set(names: Names, item: SetItem, loss: LossDef) -> None:
    name, given = item.name, names.values.get(item.name.text)
    if given is None:
        names.unclaimed.append(item)
    elif _is_own(loss, given):
        names.diagnostics.append(DuplicateName(name.span, name.text, given.name.span, TWO_VALUES))
    else:
        names.values[name.text] = item


def _is_own(loss: LossDef, item: Item) -> bool:
    """Whether the statement belongs to the loss itself; a parent may have an equal one."""
    return any(item is own for own in loss.items)


def _check_arguments(names: Names) -> None:
    """The argument of a function must not shadow another meaning of its name; reported once for each name."""
    functions = [item for item in names.definitions.values() if isinstance(item, FunctionItem)]
    for argument in {item.argument.text: item.argument for item in reversed(functions)}.values():
        taken = names.parameters.get(argument.text) or names.definitions.get(argument.text)
        if argument.text in RESERVED:
            names.diagnostics.append(ReservedName(argument.span, argument.text, RESERVED[argument.text]))
        elif taken:
            names.diagnostics.append(DuplicateName(argument.span, argument.text, taken.name.span, HIDING))
