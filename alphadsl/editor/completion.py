"""Completion: the words and names that fit at a position, best first; none in comments."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from alphadsl.editor.scope import (
    NAME,
    Head,
    find_head,
    inherited_names,
    known_names,
    loss_around,
    loss_names,
    without_quiet,
)
from alphadsl.editor.vocabulary import MEMBER_USAGES, Kind, words
from alphadsl.report.field import MEANT
from alphadsl.resolve.family import SETS as ALPHA_SETS
from alphadsl.resolve.files import SpecText
from alphadsl.resolve.setting import AGAINST, SETS, SPACES
from alphadsl.syntax.spelling import spell


@dataclass(frozen=True)
class Proposal:
    text: str
    detail: str
    kind: Kind | None
    meaning: str = ""
    written: str = ""
    """The text to insert, if it is not the text shown."""


@dataclass(frozen=True)
class _Cursor:
    """The text before the cursor, without comments and descriptions, and the loss that it is in."""

    text: SpecText
    before: str
    line: str
    head: Head | None
    match: re.Match[str]


_LEFT_SIDE = re.compile(
    rf"(?m)^[ \t]*{NAME}[ \t]*(?:\([ \t]*(?P<argument>{NAME})[ \t]*\)|\[(?P<indices>[^\]\n]*)\])?[ \t]*(?:=(?!=)|~)"
)
_INTERVALS = (
    ("(0, inf)", "positive"),
    ("[0, inf)", "not negative"),
    ("(-inf, inf)", "any number"),
    ("[0, 1]", "from 0 to 1"),
    ("(0, 1)", "between 0 and 1"),
)
_DECLARATIONS = ("param", "learn", "set", "pairs", "space", "gradient")
_PARTS = ("phi(x) = ", "psi(x) = ", "weight[i,j] = ", "alpha[i,j] ~ ", "alpha[i,j] = ", "R(a) = ", "alpha in simplex")
_GENERAL = ("loss[i] = ", "alpha in reals")


def complete(text: SpecText, offset: int) -> list[Proposal]:
    whole = text.source.text
    line_start = whole.rfind("\n", 0, offset) + 1
    if _is_quiet(whole[line_start:offset]):
        return []
    before = without_quiet(whole[:offset])
    line = before[line_start:]
    for pattern, proposals in _SITUATIONS:
        match = pattern.search(line)
        if match:
            return proposals(_Cursor(text, before, line, loss_around(whole, offset), match))
    return []


def _is_quiet(line: str) -> bool:
    """Whether a line ends inside a comment or an open description."""
    return re.fullmatch(r'(?:[^"#]|"[^"]*")*(?:#.*|"[^"]*)', line) is not None


def _of_words(texts: Iterable[str], *kinds: Kind) -> list[Proposal]:
    wanted = set(texts)
    return [Proposal(word.text, word.usage, word.kind, word.meaning) for word in words(*kinds) if word.text in wanted]


def _choices(texts: Iterable[str]) -> Callable[[_Cursor], list[Proposal]]:
    return lambda _: _of_words(texts, Kind.CHOICE)


def _nothing(_: _Cursor) -> list[Proposal]:
    return []


def _losses(cursor: _Cursor) -> list[Proposal]:
    own = cursor.head.name if cursor.head else ""
    known = [name for name in loss_names(cursor.text) if name != own]
    field = [(name, loss) for name, loss in MEANT.items() if loss in known and name not in known]
    return [
        *(Proposal(name, "a loss", None) for name in known),
        *(Proposal(name, f"{loss} here", None, written=loss) for name, loss in field),
    ]


def _members(_: _Cursor) -> list[Proposal]:
    return [Proposal(usage, "of the loss before the dot", Kind.PART) for usage in MEMBER_USAGES.values()]


def _settable(cursor: _Cursor) -> list[Proposal]:
    names = inherited_names(cursor.head, cursor.text) if cursor.head else {}
    return [Proposal(known.name, known.line, Kind.CONSTANT) for known in names.values() if known.parameter]


def _line_starts(cursor: _Cursor) -> list[Proposal]:
    if cursor.before.count("(") + cursor.before.count("[") > cursor.before.count(")") + cursor.before.count("]"):
        return _formula(cursor)
    if cursor.before.count("{") == cursor.before.count("}"):
        return _of_words(["loss"], Kind.KEYWORD)
    parts = [Proposal(text, "a part of a loss", Kind.PART) for text in (*_PARTS, *_GENERAL)]
    return [*_of_words(_DECLARATIONS, Kind.KEYWORD), *parts]


def _formula(cursor: _Cursor) -> list[Proposal]:
    """What the left side allows: a function may use its argument and numbers, a row no pair outside a reduction over
    j."""
    heads = [*_LEFT_SIDE.finditer(cursor.before)]
    left = heads[-1] if heads else None
    if left and left["argument"]:
        return [Proposal(left["argument"], "the argument", Kind.CONSTANT), *_settings(cursor), *_numbers(cursor)]
    pairs = left is None or "," in (left["indices"] or "") or _reduced(cursor.before[left.end() :])
    names = [proposal for proposal in _named(cursor) if pairs or "," not in proposal.text]
    quantities = [
        Proposal(usage, word.meaning, word.kind, word.meaning)
        for word in words(Kind.QUANTITY)
        for usage in word.usage.split(", ")
        if pairs or "," not in usage
    ]
    return [*_settings(cursor), *names, *quantities, *_functions(Kind.FUNCTION, Kind.REDUCTION), *_losses(cursor)]


def _named(cursor: _Cursor) -> list[Proposal]:
    known = known_names(cursor.head, cursor.text).values() if cursor.head else []
    return [Proposal(word.usage, word.line, Kind.CONSTANT if word.parameter else Kind.FUNCTION) for word in known]


def _numbers(cursor: _Cursor) -> list[Proposal]:
    """Expressions without indices: parameters, constants, functions of one number."""
    return [*(known for known in _named(cursor) if "[" not in known.text), *_functions(Kind.FUNCTION)]


def _functions(*kinds: Kind) -> list[Proposal]:
    return [Proposal(word.text, word.usage, word.kind, word.meaning) for word in words(*kinds)]


def _reduced(formula: str) -> bool:
    """Whether a formula ends inside a reduction over j."""
    while (shorter := re.sub(r"\([^()]*\)", "", formula)) != formula:
        formula = shorter
    return re.search(r"_j[ \t]*\(", formula) is not None


def _indices(cursor: _Cursor) -> list[Proposal]:
    """`i]` or `i,j]`, as the name before the bracket requires."""
    name = spell(cursor.match[1]) or cursor.match[1]
    usages = [word.usage for word in words(Kind.QUANTITY, Kind.PART) if word.text == name]
    known = known_names(cursor.head, cursor.text).get(name) if cursor.head else None
    indexed = re.findall(r"\[([^\]]*\])", " ".join(usages or ([known.usage] if known else [])))
    return [Proposal(index, "the indices", Kind.CONSTANT) for index in dict.fromkeys(indexed or ["i]", "i,j]"])]


def _intervals(_: _Cursor) -> list[Proposal]:
    return [Proposal(text, "an interval", Kind.CHOICE, meaning) for text, meaning in _INTERVALS]


def _settings(cursor: _Cursor) -> list[Proposal]:
    """`tau = ` inside the brackets after the name of a loss."""
    called = re.search(rf"({NAME})\([^()]*$", cursor.before)
    head = find_head(called[1], cursor.text) if called else None
    names = known_names(*head).values() if head else []
    return [Proposal(f"{name.name} = ", name.line, Kind.CONSTANT) for name in names if name.parameter]


def _values(cursor: _Cursor) -> list[Proposal]:
    schedules = [Proposal(word.text, word.usage, word.kind, word.meaning) for word in words(Kind.SCHEDULE)]
    return [*schedules, *_of_words(["exp", "log", "sqrt"], Kind.FUNCTION)]


# The first one that matches the line up to the cursor applies.
_SITUATIONS: tuple[tuple[re.Pattern[str], Callable[[_Cursor], list[Proposal]]], ...] = tuple(
    (re.compile(pattern), proposals)
    for pattern, proposals in (
        (r"\bextends[ \t]+\w*$", _losses),
        (rf"{NAME}(\([^()]*\))?\.\w*$", _members),
        (r"^[ \t]*pairs[ \t]+\w*$", _choices(SETS)),
        (r"\bagainst[ \t]+\w*$", _choices(AGAINST)),
        (r"^[ \t]*pairs[ \t]+labels[ \t]+\w*$", lambda _: _of_words(["against"], Kind.KEYWORD)),
        (r"^[ \t]*space[ \t]+\w*$", _choices(SPACES)),
        (r"^[ \t]*(?:param|learn)\b.*\bin[ \t]+$", _intervals),
        (r"^[ \t]*(?:alpha|α)[ \t]+in[ \t]+\w*$", _choices(ALPHA_SETS)),
        (r"\bin[ \t]+[\[(]?[^()\[\]]*$", _nothing),
        (rf"({NAME})[ \t]*\[[^\]]*$", _indices),
        (r"^[ \t]*gradient[ \t]+\w*$", lambda _: _of_words(["through"], Kind.KEYWORD)),
        (r"\bthrough[ \t]+\w*$", lambda _: _of_words(["alpha"], Kind.PART)),
        (r"^[ \t]*set[ \t]+\w*$", _settable),
        (r"^[ \t]*(param|learn|loss)[ \t]+\w*$", _nothing),
        (rf"^[ \t]*loss[ \t]+{NAME}[ \t]+\w*$", lambda _: _of_words(["extends"], Kind.KEYWORD)),
        (rf"^[ \t]*(param|learn|set)[ \t]+{NAME}[ \t]*=[^(]*$", _values),
        (r"^[ \t]*\w*$", _line_starts),
        (r"", _formula),
    )
)
