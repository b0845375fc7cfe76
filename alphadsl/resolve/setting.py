"""Where a loss lives: its index set and its space, read from their lines, or what is wrong with these."""

from alphadsl.ir.kinds import Pairs, Space
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.general import UnknownAgainst, UnknownSpace
from alphadsl.report.errors.names import UnknownPairs
from alphadsl.report.suggest import suggest
from alphadsl.resolve.names import Names

SETS = {pairs.value: pairs for pairs in Pairs if pairs != Pairs.CLASSES}
AGAINST = {"others": Pairs.LABELS, "other_classes": Pairs.CLASSES}
SPACES = {space.value: space for space in Space}


def check_setting(names: Names) -> list[Diagnostic]:
    return [*_check_pairs(names), *_check_space(names)]


def setting_of(names: Names) -> tuple[Pairs, Space]:
    """The index set and the space; the defaults where no line says so, or where one is refused."""
    space = SPACES.get(names.space.name.text, Space.SPHERE) if names.space else Space.SPHERE
    if names.pairs is None:
        return Pairs.TWO_VIEW, space
    against = AGAINST.get(names.pairs.against.text) if names.pairs.against else None
    return against or SETS.get(names.pairs.name.text, Pairs.TWO_VIEW), space


def _check_pairs(names: Names) -> list[Diagnostic]:
    if names.pairs is None:
        return []
    name, against = names.pairs.name, names.pairs.against
    if name.text not in SETS:
        return [UnknownPairs(name.span, name.text, ", ".join(SETS), suggest(name.text, SETS))]
    if against and (name.text != Pairs.LABELS.value or against.text not in AGAINST):
        return [UnknownAgainst(against.span, name.text, against.text)]
    return []


def _check_space(names: Names) -> list[Diagnostic]:
    if names.space is None or names.space.name.text in SPACES:
        return []
    name = names.space.name
    return [UnknownSpace(name.span, name.text, ", ".join(SPACES), suggest(name.text, SPACES))]
