"""The setting of a loss: its index set and its space, read from their lines, or diagnostics about these lines."""

from alphadsl.ir.index_sets import DEFAULT, INDEX_SETS, IndexSet
from alphadsl.ir.kinds import Space
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.general import UnknownAgainst, UnknownSpace
from alphadsl.report.errors.names import UnknownPairs
from alphadsl.report.suggest import suggest
from alphadsl.resolve.names import Names

NARROWED, OTHERS = " against ", "others"
SPACES = {space.value: space for space in Space}


def check_setting(names: Names) -> list[Diagnostic]:
    return [*_check_pairs(names), *_check_space(names)]


def setting_of(names: Names) -> tuple[IndexSet, Space]:
    """The index set and the space; the default for each one that has no line or whose line is refused."""
    space = SPACES.get(names.space.name.text, Space.SPHERE) if names.space else Space.SPHERE
    if names.pairs is None:
        return DEFAULT, space
    name, against = names.pairs.name.text, names.pairs.against
    return narrowed(name, against.text if against else OTHERS), space


def narrowed(name: str, against: str) -> IndexSet:
    """The index set `name` with its negatives narrowed by `against`; if there is none, the plain set, or else the
    default."""
    return INDEX_SETS.get(f"{name}{NARROWED}{against}", INDEX_SETS.get(name, DEFAULT))


def set_words() -> tuple[str, ...]:
    """The words that may follow `pairs`."""
    return tuple(name for name in INDEX_SETS if NARROWED not in name)


def against_words() -> dict[str, tuple[str, ...]]:
    """The words that may follow `against`, for each set that has such variants; `others` stands for the plain set."""
    words: dict[str, tuple[str, ...]] = {}
    for name in INDEX_SETS:
        plain, against, word = name.partition(NARROWED)
        if against:
            words[plain] = (*words.get(plain, (OTHERS,)), word)
    return words


# The words of the table as shipped; the checker also knows sets that are added at run time.
SETS = set_words()
AGAINST = tuple(dict.fromkeys(word for words in against_words().values() for word in words))


def _check_pairs(names: Names) -> list[Diagnostic]:
    if names.pairs is None:
        return []
    name, against = names.pairs.name, names.pairs.against
    known = set_words()
    if name.text not in known:
        return [UnknownPairs(name.span, name.text, ", ".join(known), suggest(name.text, known))]
    if against and against.text not in against_words().get(name.text, ()):
        return [UnknownAgainst(against.span, name.text, against.text)]
    return []


def _check_space(names: Names) -> list[Diagnostic]:
    if names.space is None or names.space.name.text in SPACES:
        return []
    name = names.space.name
    return [UnknownSpace(name.span, name.text, ", ".join(SPACES), suggest(name.text, SPACES))]
